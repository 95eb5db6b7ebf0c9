import type { Damage } from "../../ports/integrity.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Committer } from "./committer.ts";
import type { Damages } from "./damages.ts";
import type { Database } from "./database.ts";
import type { DeliveryRow, EntryRow, TurnRow } from "./rows.ts";

/** What is read to be used is held against its hash first. */
export interface Vet {
  /** Those that are as they were written. */
  entries(rows: readonly EntryRow[]): readonly EntryRow[];
  /** Of an entry that is about to run: it, and the end of its history. */
  toRun(row: EntryRow): boolean;
  turn(row: TurnRow): boolean;
  /** Those that are as they were written. */
  deliveries(rows: readonly DeliveryRow[]): readonly DeliveryRow[];
  /** An entry can't be trusted, as something beyond its row says. Returns whether that was news. */
  doubt(row: EntryRow, part: Damage["part"], detail: string): boolean;
}

/** What every part of one opening of the store works with. */
export interface StoreContext {
  readonly db: Database;
  readonly epoch: number;
  readonly clock: Clock;
  readonly committer: Committer;
  readonly damages: Damages;
  /** What is read to be used goes through here. */
  readonly vet: Vet;
}

/** The part of the context that code inside of a transaction may use. */
export type Tx = Pick<StoreContext, "db" | "epoch">;
