import type { Database } from "./database.ts";
import { writeFault } from "./sqlite-error.ts";

/** Frames in the write-ahead log beyond which they are copied into the database: 4 MiB of 4 KiB pages. */
const CHECKPOINT_FRAMES = 1000;

interface Log {
  readonly log: number;
  readonly checkpointed: number;
}

/** Databases without a write-ahead log: those in memory. */
const unlogged = new WeakSet<Database>();

/**
 * Copies the write-ahead log into the database when it has grown. Ours instead of SQLite's automatic one, because that
 * one keeps a failed fsync to itself. A full disk is no fault here: it is tried again after the next commit.
 *
 * @throws RollcallError `store-io`
 */
export function checkpointIfDue(db: Database): void {
  if (unlogged.has(db)) return;
  const log = db.get<Log>("PRAGMA wal_checkpoint(NOOP)");
  if (log === undefined || log.log < 0) return void unlogged.add(db);
  if (log.log - log.checkpointed < CHECKPOINT_FRAMES) return;
  try {
    db.get("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (error) {
    const fault = writeFault(error);
    if (fault?.code !== "store-full") throw fault ?? error;
  }
}
