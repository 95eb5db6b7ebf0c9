import type { Duration, Instant } from "../core/time.ts";

/** What of the store isn't as it was written. */
export type DamagedPart = "entry" | "history" | "turn" | "delivery" | "cursor" | "digest" | "index" | "file";

/** One thing in the store that isn't as it was written. */
export interface Damage {
  readonly part: DamagedPart;
  /** Its id, or the name of the index or file. */
  readonly id: string;
  /** What was compared. For the operator, without contents. */
  readonly detail: string;
  /** Whether it was unfinished and is set aside now: it is never run or sent. */
  readonly setAside: boolean;
}

/** How one whole look at the store came out. */
export interface ScanPass {
  /** Rows that were looked at. */
  readonly rows: number;
  readonly damages: number;
  readonly at: Instant;
  /** From the first slice to the last, pauses included. */
  readonly took: Duration;
}

/** What the self-checks see of the store's integrity. */
export interface IntegrityStore {
  /**
   * Goes on with looking at everything, by at most `rows` messages, deliveries or turns, so that nobody waits for long.
   * Null until the last one was looked at; the call after that begins anew.
   */
  scan(rows: number): Promise<Pick<ScanPass, "rows" | "damages"> | null>;
  /** Looks at everything that is unfinished, at once: for a start. Returns how many rows that were. */
  scanUnfinished(): Promise<number>;
  /** Calls back for each damage when it is first seen, by a look or by use; those seen so far are told at once. */
  onDamage(watch: (damage: Damage) => void): void;
}
