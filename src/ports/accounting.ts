import type { EntryState } from "../core/entry.ts";
import type { Duration, Instant } from "../core/time.ts";

/** What came of everything that was ever received, as counted in the transactions that stored it. */
export type Totals = Readonly<Record<"received" | "accepted" | "duplicate" | "ignored" | "refused", number>>;

/** Numbers that were all true at the same moment. */
export interface Recount {
  /** Entries by state, counted from the rows themselves. */
  readonly rows: Readonly<Record<EntryState, number>>;
  /** The same, as the transactions kept it. */
  readonly counters: Readonly<Record<EntryState, number>>;
  /** Accepted entries whose rows were cleared away. */
  readonly purged: number;
  readonly totals: Totals;
}

/** What accounting sees of the store. */
export interface AccountingStore {
  /**
   * Goes on with counting every entry anew, by at most `rows` of them, so that nobody waits for long. Null until the
   * last one is counted; the call after that begins anew. What changes while a count is under way is counted too.
   */
  recount(rows: number): Promise<Recount | null>;
  /** Calls back after each commit with how long it took, the wait for the disk included. `watch` must not throw. */
  onCommit(watch: (took: Duration) => void): void;
}

/** Two numbers that should be the same and aren't. */
export interface Imbalance {
  readonly what: "received" | "accepted" | EntryState;
  /** As the transactions kept it. */
  readonly kept: number;
  /** As it comes out when the parts are counted. */
  readonly counted: number;
}

/** How the last recount came out. */
export interface AccountingState {
  /** 0 when everything is accounted for. */
  readonly difference: number;
  readonly imbalances: readonly Imbalance[];
  readonly at: Instant;
  /** Entries that were counted. */
  readonly entries: number;
  /** From the first slice to the last, pauses included. */
  readonly took: Duration;
}
