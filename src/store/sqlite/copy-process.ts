/**
 * What copies the store, in a process of its own: the gateway's may not open the database a second time (closing any
 * descriptor would drop its lock), and its loop shall not wait for a large file. Handed over as text, so that it needs
 * no file of the program, which may have been replaced since the start.
 */
import type * as Fs from "node:fs";
import type * as Sqlite from "node:sqlite";

/** What the process is told. */
export interface CopyOrder {
  readonly from: string;
  readonly to: string;
  /** Number of the last commit, as one row with `n`. */
  readonly commitSql: string;
  readonly sessionsSql: string;
}

/** The first line says that the files may change again; the second is the result, or what was wrong. */
export type CopyLine =
  | { readonly copied: true }
  | { readonly commit: number; readonly bytes: number; readonly sessions: readonly unknown[] }
  | { readonly fault: string; readonly code: string | null };

/** Copies the database with its log, brings the log in, and proves the result. Uses nothing but what it is given. */
function copyStore(fs: typeof Fs, sqlite: typeof Sqlite, order: CopyOrder): void {
  const tell = (line: CopyLine): void => void fs.writeSync(1, `${JSON.stringify(line)}\n`);
  try {
    const { COPYFILE_EXCL, COPYFILE_FICLONE } = fs.constants;
    // The database first: it doesn't change now. Its log only grows, and a torn end of it is no commit.
    fs.copyFileSync(order.from, order.to, COPYFILE_EXCL | COPYFILE_FICLONE);
    fs.chmodSync(order.to, 0o600);
    if (fs.existsSync(`${order.from}-wal`))
      fs.copyFileSync(`${order.from}-wal`, `${order.to}-wal`, COPYFILE_EXCL | COPYFILE_FICLONE);
    tell({ copied: true });
    const db = new sqlite.DatabaseSync(order.to);
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF; PRAGMA trusted_schema = OFF");
    const check = db.prepare("PRAGMA integrity_check(1)").get() as { integrity_check: string };
    if (check.integrity_check !== "ok") throw new RangeError(check.integrity_check);
    const commit = (db.prepare(order.commitSql).get() as { n: number }).n;
    const sessions = db.prepare(order.sessionsSql).all();
    // One file in the end.
    db.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
    db.close();
    tell({ commit, bytes: fs.statSync(order.to).size, sessions });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : null;
    tell({ fault: error instanceof Error ? error.message : String(error), code });
  }
}

/** The program, for `node -e`; its one argument is the order, as JSON. */
export const COPY_PROGRAM = `(${String(copyStore)})(require("node:fs"), require("node:sqlite"), JSON.parse(process.argv[1]))`;
