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
import { indexFault, writeFault } from "./sqlite-error.ts";

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
  /**
   * From now on the database's file doesn't change, and its log only grows, until the returned call. That is what a copy
   * from outside needs; the log takes more space meanwhile.
   */
  holdCheckpoints(): () => void;
  /** Nothing is written from now on: a read has found the file to be damaged. */
  fail(fault: RollcallError): void;
  /** Whether a fault of the disk or the file ended the writing. */
  readonly failed: boolean;
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
   * promise of its batch resolves. If it throws `store-full`, the batch waits: nothing else is written before the call
   * went well. If it throws anything else, the batch is reported as failed and nothing more is written.
   */
  readonly committed: (commit: number) => void;
  /** A row that can't be written, since its index entries aren't there: told of the one write that met it. */
  readonly damaged?: (detail: string) => void;
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

/** What was committed, and what its callers are told once it is marked. */
interface Batch {
  readonly commit: number | null;
  readonly pending: readonly Pending[];
  readonly outcomes: readonly Outcome[];
}

interface State {
  readonly options: CommitterOptions;
  readonly queue: Pending[];
  /** Durable, and not marked for want of space: its callers wait, and so does everybody after them. */
  unmarked: Batch | null;
  scheduled: boolean;
  /** How many keep the database's file as it is. */
  holds: number;
  /** Why nothing is written any more. */
  stopped: RollcallError | null;
}

export function createCommitter(options: CommitterOptions): Committer {
  const state: State = { options, queue: [], unmarked: null, scheduled: false, holds: 0, stopped: null };
  return {
    write<T, L>(work: () => T, lost?: L) {
      return new Promise<T | L>((resolve, reject) => {
        if (state.stopped !== null) return reject(state.stopped);
        state.queue.push({ work, lost, resolve: resolve as (value: unknown) => void, reject });
        schedule(state);
      });
    },
    holdCheckpoints() {
      state.holds += 1;
      let holding = true;
      return () => {
        if (holding) state.holds -= 1;
        holding = false;
      };
    },
    fail(fault) {
      state.stopped ??= fault;
    },
    get failed() {
      return state.stopped !== null && state.stopped.code !== "draining";
    },
    close() {
      while (state.queue.length > 0) flush(state);
      for (const { reject } of state.unmarked?.pending ?? []) reject(new RollcallError("store-full"));
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
  // After every batch: how much one writes is up to its callers, and the look costs a hundredth of a commit.
  if (state.stopped !== null || state.holds > 0) return;
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
    if (state.unmarked !== null) confirm(state, state.unmarked);
    const committed = transact(state.options, batch);
    try {
      confirm(state, committed);
    } catch (error) {
      // It happened, so that nobody may be told that it didn't.
      if (!(error instanceof RollcallError) || error.code !== "store-full") throw error;
      state.unmarked = committed;
    }
  } catch (error) {
    const fault = abandon(state.options.db, error);
    if (fault.code !== "store-full") state.stopped ??= fault;
    for (const { reject } of batch) reject(fault);
  }
}

/** Marks what was committed, then tells its callers. @throws whatever the mark throws: nobody was told then */
function confirm(state: State, { commit, pending, outcomes }: Batch): void {
  if (commit !== null) state.options.committed(commit);
  state.unmarked = null;
  for (const [index, outcome] of outcomes.entries()) {
    if ("error" in outcome) pending[index]?.reject(outcome.error);
    else pending[index]?.resolve(outcome.value);
  }
}

/** @throws when the transaction as a whole can't be: nothing of the batch happened then */
function transact(options: CommitterOptions, pending: readonly Pending[]): Batch {
  const { db, epoch } = options;
  db.run("BEGIN IMMEDIATE");
  const number = nextCommit(db, epoch);
  const alone = pending.length === 1;
  const outcomes = pending.map((one) => attempt(options, one, alone));
  // Refusals alone are no reason to wait for the disk.
  if (!outcomes.some((outcome) => "changed" in outcome && outcome.changed)) {
    db.run("ROLLBACK");
    return { commit: null, pending, outcomes };
  }
  commit(options);
  return { commit: number, pending, outcomes };
}

/** Proves that the store is still ours, and numbers the commit. @throws RollcallError `store-io` when it isn't */
function nextCommit(db: Database, epoch: number): number {
  const ours = db.run(
    "UPDATE counters SET value = value + 1 WHERE name = 'store:commits' AND (SELECT epoch FROM meta) = ?",
    epoch,
  );
  if (ours !== 1) throw new RollcallError("store-io", { detail: "the store has another owner now" });
  const row = db.get<{ value: number }>("SELECT value FROM counters WHERE name = 'store:commits'");
  Object.assign(db.writing, { commit: row?.value ?? 0, lines: 0 });
  return db.writing.commit;
}

function commit({ db, clock, timed }: CommitterOptions): void {
  const begun = clock?.monotonic() ?? 0;
  db.run("COMMIT");
  if (clock !== undefined) timed?.(clock.monotonic() - begun);
}

/** @param alone nobody else is in the transaction, which is then rolled back as a whole: no savepoint is needed */
function attempt({ db, damaged }: CommitterOptions, { work, lost }: Pending, alone: boolean): Outcome {
  if (!alone) db.run("SAVEPOINT one");
  try {
    const value = work();
    if (!alone) db.run("RELEASE one");
    return { changed: true, value };
  } catch (error) {
    if (writeFault(error) !== undefined) throw error;
    if (!alone) db.run("ROLLBACK TO one");
    if (!alone) db.run("RELEASE one");
    if (error === LOST) return { changed: false, value: lost };
    const index = indexFault(error);
    if (index !== undefined) damaged?.(index.detail ?? "");
    return { error: index ?? error };
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
