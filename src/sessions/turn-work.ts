import type { AgentConfig } from "../core/config.ts";
import type { Entry } from "../core/entry.ts";
import { entrySubject, type Subject } from "../core/poison.ts";
import type { Turn, TurnFence } from "../core/turn.ts";
import type { Actor } from "../ports/operate.ts";
import type { Generation } from "../ports/roster.ts";
import type { Runner } from "./candidates.ts";

/** Why a running turn was stopped: by a person, by a newer message, by the gateway's own stop. */
export type StopReason = "cancel" | "interrupt" | "drain";

/** A claimed turn with all that it needs to run to its end. */
export interface TurnWork {
  readonly turn: Turn;
  /** As they are after the claim. */
  readonly entries: readonly [Entry, ...Entry[]];
  readonly generation: Generation;
  readonly agent: AgentConfig;
  /** Aborted to stop the turn; `stopReason` says why. */
  readonly signal: AbortSignal;
  readonly stopReason: () => StopReason;
  /** Counts over all its candidates, for the history. */
  readonly used?: { tools: number };
  /** Who cancelled it. */
  readonly stoppedBy?: () => Actor | undefined;
}

/** One try of a turn with one candidate. */
export interface Attempt extends TurnWork {
  readonly runner: Runner;
  /** An earlier attempt of the turn may have begun something: it goes on with that, or is told of it. */
  readonly goesOn: boolean;
}

/** All messages of a turn, as what a crash is blamed on. */
export function subjectsOf({ entries }: Pick<TurnWork, "entries">): readonly Subject[] {
  return entries.map(({ id }) => entrySubject(id));
}

export function fenceOf(turn: Turn): TurnFence {
  return { id: turn.id, attempt: turn.attempt };
}

/** The entry that the answer belongs to: the one that was said last. */
export function lastEntry(work: Pick<TurnWork, "entries">): Entry {
  return work.entries.at(-1) ?? work.entries[0];
}
