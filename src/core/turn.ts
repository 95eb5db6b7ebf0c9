import type { MessageId, SessionKey, TurnId } from "./ids.ts";
import type { Instant } from "./time.ts";

/**
 * The states of a turn: one prompt to one harness, up to its stop. It carries one or more entries, and its attempts
 * are numbered: each claim raises the attempt, and a write with an older one changes nothing.
 *
 * claimed (before anything is spawned) → prompted (before the prompt is written) → answered | ended
 */
export const TURN_STATES = ["claimed", "prompted", "answered", "ended"] as const;
/** A state of a turn. */
export type TurnState = (typeof TURN_STATES)[number];

/**
 * Every legal step of a turn; the store refuses any other. `claimed` to itself is the next candidate of the same turn,
 * from `ended` its next claim.
 */
export const TURN_STEPS: Readonly<Record<TurnState, readonly TurnState[]>> = {
  claimed: ["prompted", "claimed", "answered", "ended"],
  prompted: ["claimed", "answered", "ended"],
  answered: [],
  ended: ["claimed"],
};

/** A turn as it stands now. */
export interface Turn {
  readonly id: TurnId;
  readonly session: SessionKey;
  readonly agent: string;
  readonly entries: readonly MessageId[];
  readonly attempt: number;
  /** Attempts that count against the limit: a wait for a plan's limit or a switch of candidate doesn't. */
  readonly failures: number;
  /** How often it was put back to run again after a harness may have had its prompt. */
  readonly reruns: number;
  readonly state: TurnState;
  readonly generation: number;
  /** Who has it, or had it when it was interrupted; null when nothing of it was begun anywhere. */
  readonly harness: string | null;
  readonly model: string | null;
  /** The harness's own session id. */
  readonly nativeSession: string | null;
  readonly custody: Custody | null;
  readonly claimedAt: Instant;
}

/** What a write of a turn must still match: the two together are the fence against late callbacks. */
export interface TurnFence {
  readonly id: TurnId;
  readonly attempt: number;
}

/** Who runs outside of our process for a turn: enough to find and end the tree after a crash. */
export interface Custody {
  readonly pid: number;
  /** Kernel's start time of the process, so that a reused pid is never killed. */
  readonly startTime: string;
  /** Environment marker that every process of the tree inherits. */
  readonly marker: string;
}

/** What a turn cost, as far as the harness tells. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In US dollars, undefined where the harness doesn't say. */
  readonly usd?: number;
}

/** The final answer of a turn. Never changes once it is stored. */
export interface Reply {
  readonly text: string;
  /** Absolute paths of files that the agent hands over. */
  readonly files: readonly string[];
}
