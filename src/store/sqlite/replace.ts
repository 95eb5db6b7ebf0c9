/** Puts another database in the place of the one that is there, without ever letting somebody in between. */
import { copyFileSync, existsSync, fsyncSync, linkSync, openSync, closeSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { codeOf, RollcallError } from "../../core/errors.ts";
import { createDatabase, type Database } from "./database.ts";
import { MARK_FILE, readMark } from "./mark.ts";
import { KEPT_LOG, STORE_FILE } from "./own.ts";
import { openFault } from "./sqlite-error.ts";

/** What a store says of itself. */
export interface StoreFacts {
  readonly identity: string | null;
  readonly epoch: number;
  readonly commit: number;
  readonly accepted: number;
  readonly waiting: number;
}

/** What is in a state directory, held under its lock until it is let go. */
export interface HeldStore {
  /** Null when there is no database, or one that can't be read. */
  readonly facts: StoreFacts | null;
  readonly mark: { readonly identity: string; readonly epoch: number; readonly commit: number } | null;
  /** Whether there is anything at all. */
  readonly there: boolean;
  /**
   * Puts the database and the mark of `from` here, and what was here into `kept`. After a crash in between the next
   * start refuses (the mark isn't the database's), and doing it again mends it.
   */
  replace(from: string, kept: string): void;
  release(): void;
}

/**
 * Takes the lock of what is there, and reads how far it is.
 *
 * @throws RollcallError `store-held`
 */
export function holdStore(dir: string): HeldStore {
  const path = join(dir, STORE_FILE);
  const state = readMark(dir);
  const mark = typeof state === "string" ? null : state;
  const db = existsSync(path) ? lock(path) : null;
  const facts = db === null ? null : readFacts(db);
  return {
    facts,
    mark,
    there: existsSync(path) || state !== "missing",
    replace(from, kept) {
      // The log is brought into the database, so that none is left beside the new one.
      if (db !== null && facts !== null) db.get("PRAGMA journal_mode = DELETE");
      keep(dir, kept);
      renameSync(join(from, STORE_FILE), path);
      renameSync(join(from, MARK_FILE), join(dir, MARK_FILE));
      syncFolder(dir);
    },
    release: () => db?.close(),
  };
}

/** Null for a file that is no database any more. */
function lock(path: string): Database | null {
  const db = createDatabase(new DatabaseSync(path, { timeout: 500 }));
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT");
    return db;
  } catch (error) {
    db.close();
    const fault = openFault(error);
    if (fault.code === "store-held") throw fault;
    return null;
  }
}

function readFacts(db: Database): StoreFacts | null {
  const number = (sql: string): number => db.get<{ n: number }>(sql)?.n ?? 0;
  try {
    const meta = db.get<{ identity: string | null; epoch: number }>("SELECT identity, epoch FROM meta");
    if (meta === undefined) return null;
    return {
      ...meta,
      commit: number("SELECT value AS n FROM counters WHERE name = 'store:commits'"),
      accepted: number("SELECT value AS n FROM counters WHERE name = 'intake:accepted'"),
      waiting: number(
        "SELECT count(*) AS n FROM entries WHERE state IN ('queued', 'held', 'running', 'answered')",
      ),
    };
  } catch (error) {
    const fault = openFault(error);
    if (fault.code === "store-held") throw fault;
    return null;
  }
}

/** How far a database is that nobody works with. @throws RollcallError `store-unreadable` */
export function factsOf(dir: string): StoreFacts {
  const held = holdStore(dir);
  held.release();
  if (held.facts === null) throw new RollcallError("store-unreadable");
  return held.facts;
}

/**
 * The database by a second name, so that there is one at every moment; its log, where it couldn't be brought in, and the
 * mark. Whoever waits for the lock of the old one gets it, and finds that it has another name.
 */
function keep(dir: string, kept: string): void {
  const here = (name: string): string => join(dir, name);
  const there = (name: string): string => join(kept, name);
  if (existsSync(here(STORE_FILE))) linkOrMove(here(STORE_FILE), there(STORE_FILE));
  for (const name of [`${STORE_FILE}-wal`, `${STORE_FILE}-shm`, KEPT_LOG])
    if (existsSync(here(name))) renameSync(here(name), there(name));
  if (existsSync(here(MARK_FILE))) copyFileSync(here(MARK_FILE), there(MARK_FILE));
  syncFolder(kept);
}

function linkOrMove(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    // A file system without second names.
    if (!["EPERM", "ENOTSUP", "ENOSYS"].includes(codeOf(error) ?? "")) throw error;
    renameSync(from, to);
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  fsyncSync(fd);
  closeSync(fd);
}
