import { LIMITS } from "../core/limits.ts";
import { SECOND } from "../core/time.ts";
import type { Failure } from "../core/failure.ts";
import type { Usage } from "../core/turn.ts";
import { messageOf } from "../core/errors.ts";
import { HarnessFailed, type HarnessEvent, type HarnessSession } from "../ports/harness.ts";
import type { Progress } from "../ports/outbox.ts";
import { preparePrompt, type PreparedPrompt } from "./prompt.ts";
import { targetOf, type TurnDeps } from "./turn-deps.ts";
import { fenceOf, lastEntry, type Attempt } from "./turn-work.ts";
import { watchTurn } from "./turn-watch.ts";

export type AttemptOutcome =
  | {
      readonly kind: "final";
      readonly text: string;
      readonly files: readonly string[];
      readonly usage: Usage | null;
      readonly native: string | null;
      /** The harness had none of this session's history. */
      readonly blank: boolean;
      /** It was found in the harness's own record, and why it was looked for. */
      readonly adopted?: string;
    }
  | {
      readonly kind: "failed";
      readonly failure: Failure;
      readonly started: boolean;
      /** The harness's session that had the prompt; absent when nothing was prompted. */
      readonly native?: string | null;
    }
  /** Another owner moved the turn on: nothing of this attempt may be written. */
  | { readonly kind: "lost" };

/** How long a harness may take to end after it was told to, before it is abandoned as broken. */
const ABANDON_AFTER = 15 * SECOND;

/** One try of one candidate: open, record, prompt, watch. Leaves nothing running behind. */
export async function runAttempt(deps: TurnDeps, attempt: Attempt): Promise<AttemptOutcome> {
  const prepared = await preparePrompt(deps, attempt);
  let session: HarnessSession;
  try {
    session = await attempt.runner.harness.open(prepared.spec, attempt.signal);
  } catch (error) {
    return { kind: "failed", started: false, failure: openFailure(error, attempt) };
  }
  const prompted = await recordPrompt(deps, attempt, session);
  if (!prompted) {
    await session.release(false);
    return { kind: "lost" };
  }
  const told = session.fresh ? await preparePrompt(deps, attempt, true) : prepared;
  return followPrompt(deps, attempt, session, told);
}

function recordPrompt(deps: TurnDeps, attempt: Attempt, session: HarnessSession): Promise<boolean> {
  const { candidate } = attempt.runner;
  return deps.store.prompted(fenceOf(attempt.turn), {
    harness: candidate.harness,
    model: candidate.model,
    nativeSession: session.native,
    custody: session.custody,
    at: deps.clock.now(),
  });
}

function openFailure(error: unknown, attempt: Attempt): Failure {
  if (attempt.signal.aborted)
    return { class: "cancelled", code: "turn-interrupted", detail: "stopped while waiting for the harness" };
  if (error instanceof HarnessFailed) return error.failure;
  return { class: "failed", code: "harness-failed", detail: messageOf(error) };
}

async function followPrompt(
  deps: TurnDeps,
  attempt: Attempt,
  session: HarnessSession,
  prepared: PreparedPrompt,
): Promise<AttemptOutcome> {
  const target = targetOf(attempt.entries);
  const progress = deps.outbox.progress({ ...target, turn: attempt.turn.id, entry: lastEntry(attempt).id });
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  attempt.signal.addEventListener("abort", onAbort, { once: true });
  if (attempt.signal.aborted) stop.abort();
  let passed: Failure["deadline"];
  const watch = watchTurn(deps.clock, attempt.agent.turn, (deadline) => {
    passed = deadline;
    stop.abort();
  });
  const seen: Seen = { text: "", started: false, native: session.native, activity: null };
  const end = await readEvents(deps, session, prepared, stop.signal, (event) => {
    watch.saw(event);
    if (attempt.used !== undefined && event.kind === "opened" && event.what === "tool")
      attempt.used.tools += 1;
    note(seen, event, progress);
  });
  watch.stop();
  attempt.signal.removeEventListener("abort", onAbort);
  const broken = passed !== undefined || end.kind === "abandoned";
  await session.release(broken || (end.kind === "failed" && breaks(end.failure)));
  await progress.end();
  if (end.kind === "final") {
    const text = end.text.trim() === "" ? seen.text : end.text;
    return {
      kind: "final",
      text: text.slice(0, LIMITS.replyUnits),
      files: end.files,
      usage: end.usage,
      native: seen.native,
      blank: prepared.blank,
    };
  }
  const failure = end.kind === "failed" ? end.failure : abandonedFailure;
  return {
    kind: "failed",
    started: seen.started,
    native: seen.native,
    failure: passed === undefined ? failure : deadlineFailure(passed),
  };
}

/** After these the process can't be trusted with another turn. */
function breaks(failure: Failure): boolean {
  return failure.class === "protocol" || failure.class === "structural";
}

const abandonedFailure: Failure = {
  class: "failed",
  code: "harness-deadline",
  detail: "the harness did not end when it was told to",
};

function deadlineFailure(deadline: NonNullable<Failure["deadline"]>): Failure {
  return { class: "deadline", code: "harness-deadline", detail: `the ${deadline} deadline passed`, deadline };
}

interface Seen {
  text: string;
  started: boolean;
  native: string | null;
  activity: string | null;
}

function note(seen: Seen, event: HarnessEvent, progress: Progress): void {
  switch (event.kind) {
    case "text":
      seen.started = true;
      seen.text += event.delta;
      break;
    case "opened":
      if (event.what === "tool") seen.started = true;
      seen.activity = event.name;
      break;
    case "closed":
      seen.activity = null;
      break;
    case "native":
      seen.native = event.native;
      return;
    case "alive":
    case "permission":
    case "final":
    case "failed":
      return;
  }
  progress.show(seen.text, seen.activity);
}

type End = Extract<HarnessEvent, { kind: "final" | "failed" }> | { readonly kind: "abandoned" };

async function readEvents(
  deps: TurnDeps,
  session: HarnessSession,
  prepared: PreparedPrompt,
  signal: AbortSignal,
  saw: (event: HarnessEvent) => void,
): Promise<End> {
  const events = session.prompt(prepared.prompt, signal)[Symbol.asyncIterator]();
  const abandoned = new Promise<"abandoned">((resolve) => {
    const give = (): void => void deps.clock.timer(ABANDON_AFTER, () => resolve("abandoned"));
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([events.next(), abandoned]);
      if (next === "abandoned") return { kind: "abandoned" };
      if (next.done === true)
        return {
          kind: "failed",
          failure: {
            class: "protocol",
            code: "harness-protocol",
            detail: "the adapter ended without a last event",
          },
        };
      saw(next.value);
      if (next.value.kind === "final" || next.value.kind === "failed") return next.value;
    }
  } catch (error) {
    return { kind: "failed", failure: { class: "failed", code: "harness-failed", detail: messageOf(error) } };
  }
}
