/**
 * Group commit: writes that are asked for in the same turn of the loop share one transaction, each in a savepoint of its
 * own, so that one that fails or lost its place takes nothing else with it. A promise resolves only after COMMIT
 * returned, that is, after the disk has it.
 *
 * Keeps: I1 (what resolved is durable), I10 (no transaction commits under an older epoch).
 */
import { messageOf, RollcallError } from "../../core/errors.ts";
import type { Duration } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Database } from "./database.ts";
import { checkpointIfDue } from "./checkpoint.ts";
import { writeFault } from "./sqlite-error.ts";

/** Writes in one transaction: bounds how long the loop stands still. */
export const BATCH_LIMIT = 200;

/** Thrown by a write whose compare-and-set didn't match: it changes nothing and resolves to its `lost` value. */
export const LOST: unique symbol = Symbol("lost");

export interface Committer {
  /**
   * Runs `work` in a transaction. `work` must be synchronous and touch nothing but the database.
   *
   * @param lost what the promise resolves to when `work` throws {@link LOST}
   * @throws RollcallError `store-full`, `store-io`, `draining` after `close`, or whatever `work` threw
   */
  write<T, L = never>(work: () => T, lost?: L): Promise<T | L>;
  /** Commits what was asked for so far; everything later is refused. */
  close(): void;
}

export interface CommitterOptions {
  readonly db: Database;
  readonly epoch: number;
  /** When to run a batch: later than the caller's own step, so that others can join. */
  readonly defer: (run: () => void) => void;
  /**
   * The place between the commit and everything that follows from it: called with the number of the commit before any
   * promise of its batch resolves. If it throws, the batch is reported as failed and nothing more is written.
   */
  readonly committed: (commit: number) => void;
  /** How long a COMMIT took. */
  readonly timed?: (took: Duration) => void;
  readonly clock?: Pick<Clock, "monotonic">;
}

interface Pending {
  readonly work: () => unknown;
  readonly lost: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly changed: boolean; readonly value: unknown } | { readonly error: unknown };

interface State {
  readonly options: CommitterOptions;
  readonly queue: Pending[];
  scheduled: boolean;
  /** Why nothing is written any more. */
  stopped: RollcallError | null;
}

export function createCommitter(options: CommitterOptions): Committer {
  const state: State = { options, queue: [], scheduled: false, stopped: null };
  return {
    write<T, L>(work: () => T, lost?: L) {
      return new Promise<T | L>((resolve, reject) => {
        if (state.stopped !== null) return reject(state.stopped);
        state.queue.push({ work, lost, resolve: resolve as (value: unknown) => void, reject });
        schedule(state);
      });
    },
    close() {
      while (state.queue.length > 0) flush(state);
      state.stopped ??= new RollcallError("draining");
    },
  };
}

function schedule(state: State): void {
  if (state.scheduled) return;
  state.scheduled = true;
  state.options.defer(() => {
    state.scheduled = false;
    flush(state);
    // After the callers of this batch had their turn, and before the next batch.
    state.options.defer(() => tidy(state));
    if (state.queue.length > 0) schedule(state);
  });
}

function tidy(state: State): void {
  if (state.stopped !== null) return;
  try {
    checkpointIfDue(state.options.db);
  } catch (error) {
    state.stopped = abandon(state.options.db, error);
  }
}

function flush(state: State): void {
  const batch = state.queue.splice(0, BATCH_LIMIT);
  if (batch.length === 0) return;
  try {
    if (state.stopped !== null) throw state.stopped;
    const outcomes = transact(state.options, batch);
    for (const [index, outcome] of outcomes.entries()) {
      if ("error" in outcome) batch[index]?.reject(outcome.error);
      else batch[index]?.resolve(outcome.value);
    }
  } catch (error) {
    const fault = abandon(state.options.db, error);
    if (fault.code !== "store-full") state.stopped ??= fault;
    for (const { reject } of batch) reject(fault);
  }
}

/** @throws when the transaction as a whole can't be: nothing of the batch happened then */
function transact(options: CommitterOptions, batch: readonly Pending[]): readonly Outcome[] {
  const { db, epoch } = options;
  db.run("BEGIN IMMEDIATE");
  const mine = db.get<{ commits: number }>(
    `INSERT INTO counters SELECT 'store:commits', 1 FROM meta WHERE epoch = ?
     ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value AS commits`,
    epoch,
  );
  if (mine === undefined) throw new RollcallError("store-io", { detail: "the store has another owner now" });
  const outcomes = batch.map((pending) => attempt(db, pending));
  // Refusals alone are no reason to wait for the disk.
  if (outcomes.some((outcome) => "changed" in outcome && outcome.changed)) {
    commit(options, mine.commits);
  } else {
    db.run("ROLLBACK");
  }
  return outcomes;
}

function commit({ db, clock, timed, committed }: CommitterOptions, number: number): void {
  const begun = clock?.monotonic() ?? 0;
  db.run("COMMIT");
  if (clock !== undefined) timed?.(clock.monotonic() - begun);
  committed(number);
}

function attempt(db: Database, { work, lost }: Pending): Outcome {
  db.run("SAVEPOINT one");
  try {
    const value = work();
    db.run("RELEASE one");
    return { changed: true, value };
  } catch (error) {
    if (writeFault(error) !== undefined) throw error;
    db.run("ROLLBACK TO one");
    db.run("RELEASE one");
    return error === LOST ? { changed: false, value: lost } : { error };
  }
}

/** Leaves a transaction that failed as a whole, and says what that means. */
function abandon(db: Database, error: unknown): RollcallError {
  const fault =
    error instanceof RollcallError
      ? error
      : (writeFault(error) ?? new RollcallError("store-io", { detail: messageOf(error), cause: error }));
  try {
    if (db.inTransaction()) db.run("ROLLBACK");
    return fault;
  } catch (rollback) {
    // A transaction that can't even be left: whatever the first fault was, the connection is of no use any more.
    return new RollcallError("store-io", { detail: messageOf(rollback), cause: error });
  }
}
