/**
 * How a database becomes ours: the lock, the look at the mark, what the last owner left in the log, the schema, the epoch,
 * and a commit that is read back. Nothing is written before the mark has agreed.
 */
import { randomBytes } from "node:crypto";
import { constants, copyFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, RollcallError } from "../../core/errors.ts";
import { liftNumbers } from "./counters.ts";
import type { Database } from "./database.ts";
import { makeMark, openMark, readMark, type Mark, type MarkState } from "./mark.ts";
import { markVerdict, type StoreFacts } from "./mark-verdict.ts";
import { migrate, proveLayout } from "./migrate.ts";
import { rebuildIfAsked } from "./rebuild.ts";

/** Name of the database in the state directory. */
export const STORE_FILE = "store.db";
/** What a refused start keeps of the log: the database would take over what it can read of it, and clear the rest. */
export const KEPT_LOG = `${STORE_FILE}-wal.kept`;
/** Bytes of the log that are kept for its next round. */
export const LOG_KEPT = 8 * 1024 * 1024;
/** Where an accepted loss is written down. */
const LOSS_NOTE = "store.loss";

/** A database that is ours. */
export interface Owned {
  readonly epoch: number;
  readonly identity: string;
  readonly mark: Mark;
  /** What was lost, where that was accepted; else null. */
  readonly loss: string | null;
}

/** @throws RollcallError `store-behind`, `store-newer`, `store-unreadable`, `store-corrupt`, and what SQLite throws */
export function own(db: Database, dir: string, version: string, acceptLoss: boolean): Owned {
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  db.get("PRAGMA journal_mode = WAL");
  db.exec(
    "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF",
  );
  // What one large transaction made of the log is given back when the log begins anew.
  db.get(`PRAGMA journal_size_limit = ${LOG_KEPT}`);
  const state = readMark(dir);
  const facts = factsOf(db);
  const loss = facts === null ? null : markVerdict(facts, state);
  if (loss !== null && !acceptLoss) {
    keepLog(dir);
    throw new RollcallError("store-behind", { detail: loss });
  }
  db.get("PRAGMA wal_checkpoint(TRUNCATE)");
  migrate(db);
  proveLayout(db);
  liftNumbers(db);
  rebuildIfAsked(db);
  const identity = loss === null ? (facts?.identity ?? newIdentity()) : newIdentity();
  const epoch = raiseEpoch(db, version, {
    identity,
    above: typeof state === "string" ? 0 : state.epoch,
  });
  if (loss !== null) db.run("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", LOSS_NOTE, loss);
  const mark = ownMark(db, dir, loss === null ? state : "missing", { identity, epoch });
  tryCommit(db);
  return { epoch, identity, mark, loss };
}

/** Null when it is none of ours, or of a version that keeps its facts elsewhere: `migrate` says so. */
function factsOf(db: Database): StoreFacts | null {
  const ours = db.get("SELECT 1 AS found FROM pragma_table_info('meta') WHERE name = 'identity'");
  const any = db.get("SELECT 1 AS found FROM sqlite_schema LIMIT 1");
  if (ours === undefined) {
    return any === undefined ? { identity: null, epoch: 0, commits: 0, marked: false } : null;
  }
  const meta = db.get<{ identity: string | null; epoch: number; marked: number }>(
    "SELECT identity, epoch, marked FROM meta",
  );
  if (meta === undefined)
    throw new RollcallError("store-unreadable", { detail: "the store has no meta row" });
  return { ...meta, marked: meta.marked !== 0, commits: commitsOf(db) };
}

function commitsOf(db: Database): number {
  return db.get<{ value: number }>("SELECT value FROM counters WHERE name = 'store:commits'")?.value ?? 0;
}

/** For people who can read it. The first one stays: later starts find less. */
function keepLog(dir: string): void {
  try {
    copyFileSync(join(dir, `${STORE_FILE}-wal`), join(dir, KEPT_LOG), constants.COPYFILE_EXCL);
  } catch (error) {
    // There is none, it is kept already, or there is no space: the start is refused in any case.
    if (codeOf(error) === undefined) throw error;
  }
}

function newIdentity(): string {
  return randomBytes(16).toString("hex");
}

/** Raises the epoch above every one that was ever used here. @throws RollcallError `store-unreadable` */
export function raiseEpoch(
  db: Database,
  version: string,
  { identity, above }: { readonly identity: string; readonly above: number },
): number {
  const row = db.get<{ epoch: number }>(
    "UPDATE meta SET epoch = max(epoch, ?) + 1, written_by = ?, identity = ? RETURNING epoch",
    above,
    version,
    identity,
  );
  if (row === undefined) throw new RollcallError("store-unreadable", { detail: "the store has no meta row" });
  return row.epoch;
}

/** The mark is there before the database says that it has one: a crash in between makes it anew. */
function ownMark(
  db: Database,
  dir: string,
  state: MarkState,
  { identity, epoch }: { readonly identity: string; readonly epoch: number },
): Mark {
  const record = { identity, epoch, commit: commitsOf(db) };
  if (typeof state !== "string") {
    const mark = openMark(dir, state.commit);
    mark.raise(record);
    return mark;
  }
  const mark = makeMark(dir, record);
  db.run("UPDATE meta SET marked = 1");
  return mark;
}

/** Commits something, has it written to the file, and reads it from there. @throws RollcallError `store-corrupt` */
function tryCommit(db: Database): void {
  const written = newIdentity();
  db.run("UPDATE meta SET canary = ?", written);
  db.get("PRAGMA wal_checkpoint(TRUNCATE)");
  // What is read now comes from the file, not from what this connection remembers.
  db.exec("PRAGMA shrink_memory");
  const read = db.get<{ canary: string }>("SELECT canary FROM meta")?.canary;
  if (read !== written)
    throw new RollcallError("store-corrupt", { detail: "what was written doesn't read back" });
}
