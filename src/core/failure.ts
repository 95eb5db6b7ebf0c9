import type { ErrorCode } from "./errors.ts";
import type { Instant } from "./time.ts";

/**
 * How a turn can fail, as the harness adapter classifies it.
 *
 * - structural: the harness can't serve anybody (program gone, login gone, model unknown)
 * - wait: a limit with an end (a plan's limit, 429 with a time); it belongs to the credential
 * - refused: the model or its service refused this message; another try would end the same way
 * - protocol: the harness wrote something that isn't its protocol
 * - failed: the service or the program failed in this turn (500, a cut stream, an exit)
 * - cancelled: somebody asked for it
 * - deadline: one of the turn's deadlines passed
 */
export type FailureClass =
  | "structural"
  | "wait"
  | "refused"
  | "protocol"
  | "failed"
  | "cancelled"
  | "deadline";

/** One failure of a harness, as its adapter saw it. */
export interface Failure {
  readonly class: FailureClass;
  readonly code: ErrorCode;
  /** For the operator: what was seen. Never shown in a chat. */
  readonly detail: string;
  /** End of a wait, where it is known. */
  readonly until?: Instant;
  /** Which deadline: shown to the sender. */
  readonly deadline?: "firstEvent" | "idle" | "toolIdle" | "total";
  /** What the model said to a refused message: shown to the sender. */
  readonly said?: string;
}

/** What happens to the turn and its entries. */
export type NextStep =
  | "next-candidate"
  /** Again at the time of the wait, with no attempt used. */
  | "wait"
  /** Again after a backoff, while attempts are left; then dead. */
  | "retry"
  /** By the agent's `onInterrupted`, while attempts are left; then dead. */
  | "interrupted"
  /** Held until a candidate is available; never failed. */
  | "hold"
  /** The sender gets an honest answer and the message is done. */
  | "answer"
  | "cancel"
  | "dead";

/** What the table says for one failure. */
export interface FailureRow {
  readonly next: NextStep;
  /** Whether it counts against `turnAttempts`. */
  readonly usesAttempt: boolean;
}

const go = (next: NextStep, usesAttempt = false): FailureRow => ({ next, usesAttempt });

/**
 * The failure table. `started`: a tool had started or text had been shown, so that another candidate would repeat work
 * in silence. `untouched`: nothing had. `last`: as untouched, and there is no other candidate to try.
 * `docs/failure-table.md` shows it with the texts that people read; a test holds the two together.
 */
export const FAILURE_TABLE: Readonly<
  Record<FailureClass, Readonly<Record<"untouched" | "last" | "started", FailureRow>>>
> = {
  structural: { untouched: go("next-candidate"), last: go("hold"), started: go("interrupted", true) },
  wait: { untouched: go("next-candidate"), last: go("wait"), started: go("wait") },
  refused: { untouched: go("answer"), last: go("answer"), started: go("answer") },
  protocol: { untouched: go("next-candidate"), last: go("hold"), started: go("interrupted", true) },
  failed: { untouched: go("next-candidate"), last: go("retry", true), started: go("interrupted", true) },
  cancelled: { untouched: go("cancel"), last: go("cancel"), started: go("cancel") },
  deadline: { untouched: go("next-candidate"), last: go("retry", true), started: go("dead", true) },
};

/** Looks a failure up: pure, so that code, docs and simulation decide the same. */
export function decideFailure(
  failure: Failure,
  seen: { started: boolean; otherCandidate: boolean },
): FailureRow {
  const row = FAILURE_TABLE[failure.class];
  if (seen.started) return row.started;
  return seen.otherCandidate ? row.untouched : row.last;
}
