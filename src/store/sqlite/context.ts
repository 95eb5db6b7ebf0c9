import type { Clock } from "../../ports/clock.ts";
import type { Committer } from "./committer.ts";
import type { Damages } from "./damages.ts";
import type { Database } from "./database.ts";
import type { Vet } from "./vet.ts";

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
