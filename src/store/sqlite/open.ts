/**
 * The store over SQLite: one file, one owner, one connection.
 *
 * Write-ahead log with `synchronous=FULL`, so that COMMIT returns after the disk has it; `locking_mode=EXCLUSIVE`, so
 * that a second opener is turned away by the kernel's lock, which dies with its process. Each opening raises the epoch.
 */
import { chmodSync, closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { codeOf, messageOf, RollcallError } from "../../core/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import { createDatabase, type Database } from "./database.ts";
import { lockHolder, readHolder, removeHolder, writeHolder } from "./holder.ts";
import { migrate } from "./migrate.ts";
import { own, raiseEpoch, STORE_FILE } from "./own.ts";
import { openFault } from "./sqlite-error.ts";
import { createStore } from "./store.ts";

export { STORE_FILE } from "./own.ts";

/** How long an opener waits for the lock, in milliseconds, so that a successor can start while its predecessor ends. */
const LOCK_WAIT = 500;

export interface OpenOptions {
  /** The state directory. Must exist. */
  readonly dir: string;
  readonly clock: Clock;
  /** This program's version: told by the store to an older one that can't read it. */
  readonly version: string;
  /** Called with the number of each commit after it is on the disk and before anything that depends on it. */
  readonly committed?: (commit: number) => void;
  /**
   * Takes what is there as the truth, where it is known to be less than what was confirmed: under a new identity and a
   * new mark. Told to the callback, and in the note `store.loss`. For `restore`, never for a start.
   */
  readonly acceptLoss?: (loss: string) => void;
}

/**
 * Opens the store, creating it where there is none, and takes its lock. What the last owner left in the write-ahead log
 * is brought into the database first.
 *
 * @throws RollcallError `store-held` (names the pid; after at most a second), `store-unreadable`, `store-newer`,
 *   `store-behind` (what was confirmed isn't all there), `store-corrupt`, `state-unwritable`, `store-full`, `store-io`
 */
export async function openStore(options: OpenOptions): Promise<Store> {
  const { dir, clock, version } = options;
  const db = connect(dir);
  try {
    const { epoch, identity, mark, loss } = own(db, dir, version, options.acceptLoss !== undefined);
    if (loss !== null) options.acceptLoss?.(loss);
    writeHolder(dir, { pid: process.pid, since: clock.now(), version });
    const store = createStore({
      db,
      epoch,
      clock,
      defer: (run) => void setImmediate(run),
      committed(commit) {
        mark.raise({ identity, epoch, commit });
        options.committed?.(commit);
      },
      file: join(dir, STORE_FILE),
      release(failed) {
        mark.close();
        // Closing copies the log into the database. What failed is left as it is: the next opening looks at it first.
        if (failed) return;
        removeHolder(dir);
        db.close();
      },
    });
    await store.scanUnfinished();
    return store;
  } catch (error) {
    db.close();
    throw nameHolder(dir, fileFault(error));
  }
}

/** Never opens a database that is there but through SQLite: closing any descriptor of it would drop the process's locks. */
function connect(dir: string): Database {
  const path = join(dir, STORE_FILE);
  try {
    if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
    chmodSync(path, 0o600);
    return createDatabase(new DatabaseSync(path, { timeout: LOCK_WAIT }));
  } catch (error) {
    throw fileFault(error);
  }
}

/** A store in memory that outlives its owners: each opening is a new epoch over what the last one committed. */
export interface MemoryDisk {
  readonly db: Database;
  close(): void;
}

/** An empty one. */
export function createMemoryDisk(): MemoryDisk {
  const db = createDatabase(new DatabaseSync(":memory:"));
  return { db, close: () => db.close() };
}

/**
 * The same store over memory, for tests and simulations. A second opening of the same disk fences the first one off, as
 * a crash would. Commits wait for nothing, so they happen at the end of the caller's own step.
 */
export async function openMemoryStore(clock: Clock, disk: MemoryDisk = createMemoryDisk()): Promise<Store> {
  migrate(disk.db);
  return createStore({
    db: disk.db,
    epoch: raiseEpoch(disk.db, "memory", { identity: "memory", above: 0 }),
    clock,
    defer: queueMicrotask,
    committed: () => {},
    file: null,
    // The disk outlives its owners.
    release: () => {},
  });
}

/** Faults of the file system that SQLite never saw. */
function fileFault(error: unknown): RollcallError {
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT")
    return new RollcallError("store-full", { detail: messageOf(error), cause: error });
  if (code === "EIO") return new RollcallError("store-io", { detail: messageOf(error), cause: error });
  if (code !== undefined && code.startsWith("E") && !code.startsWith("ERR_")) {
    return new RollcallError("state-unwritable", { detail: messageOf(error), cause: error });
  }
  return openFault(error);
}

function nameHolder(dir: string, fault: RollcallError): RollcallError {
  if (fault.code !== "store-held") return fault;
  const pid = lockHolder(join(dir, STORE_FILE)) ?? readHolder(dir)?.pid;
  const who = pid === undefined ? "a process that gave no name" : `process ${pid}`;
  return new RollcallError("store-held", { detail: `${who} holds ${dir}`, cause: fault.cause });
}
