import { formatModelRef } from "../core/model-ref.ts";
import type { Turn } from "../core/turn.ts";
import type { Transcript } from "../ports/harness.ts";
import type { Generation } from "../ports/roster.ts";
import { storeAnswer, type AnswerDeps } from "./answer.ts";
import { TEXTS } from "./texts.ts";
import type { TurnWork } from "./turn-work.ts";

/**
 * Stores an answer that was found in a harness's own record as its turn would have: the same keys and parts, the same
 * session remembered. False when the turn was moved on by somebody else.
 *
 * @param reason why the record was asked
 */
export async function adoptAnswer(
  deps: AnswerDeps,
  work: Pick<TurnWork, "turn" | "entries">,
  told: Extract<Transcript, { kind: "answered" }>,
  { reason, generation }: { readonly reason: string; readonly generation: Generation | undefined },
): Promise<boolean> {
  const { turn } = work;
  const chosen = await deps.store.sessionModel(turn.session);
  return storeAnswer(deps, work, {
    text: told.text,
    files: told.files,
    usage: told.usage,
    native: turn.nativeSession,
    adopted: reason,
    mark: markOf(turn, generation, chosen),
    agent: turn.agent,
    harness: turn.harness ?? "",
  });
}

/** An answer by a fallback says so. Whether its sender was told before is not known any more. */
function markOf(
  { agent, harness, model }: Turn,
  generation: Generation | undefined,
  chosen: string | null,
): string {
  const primary = generation?.candidates(agent)[0];
  if (primary === undefined || harness === null || model === null) return "";
  const by = formatModelRef({ harness, model });
  return by === formatModelRef(primary) || by === chosen ? "" : `${TEXTS.fallback(by)}\n\n`;
}
