import type { AttemptOutcome } from "./attempt.ts";
import { recall } from "./recall.ts";
import type { TurnDeps } from "./turn-deps.ts";
import type { Attempt } from "./turn-work.ts";

/**
 * An attempt that broke off may have been answered all the same: its harness's own record says so. Then the answer is
 * the turn's, and nothing runs again. What a person stopped, and what the harness itself ended with an error, is left.
 */
export async function lookAgain(
  deps: TurnDeps,
  attempt: Attempt,
  outcome: AttemptOutcome,
): Promise<AttemptOutcome> {
  if (outcome.kind !== "failed" || outcome.native === undefined || !brokeOff(attempt, outcome))
    return outcome;
  const { turn, agent, runner } = attempt;
  const told = await recall(
    deps,
    { id: turn.id, nativeSession: outcome.native },
    runner.harness,
    agent.workspace,
  );
  if (told.kind !== "answered") return outcome;
  const { text, files, usage } = told;
  return {
    kind: "final",
    text,
    files,
    usage,
    native: outcome.native,
    blank: false,
    adopted: outcome.failure.code,
  };
}

function brokeOff(attempt: Attempt, { failure }: Extract<AttemptOutcome, { kind: "failed" }>): boolean {
  if (failure.class === "cancelled") return attempt.stopReason() === "drain";
  return failure.class === "failed" || failure.class === "protocol" || failure.class === "deadline";
}
