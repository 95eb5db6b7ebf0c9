import type { Tx } from "./context.ts";
import type { Database } from "./database.ts";
import { keepDigest } from "./digests.ts";
import type { EntryRow } from "./rows.ts";
import { isIntact } from "./seals.ts";

/** A note that the next opening finds. */
const NOTE = "store.rebuild";
const TABLES = ["entries", "deliveries", "turns"] as const;

/** Has the next opening build every index anew from the rows. */
export function askForRebuild({ db }: Pick<Tx, "db">): void {
  db.run("INSERT OR REPLACE INTO notes (key, value) VALUES (?, '1')", NOTE);
}

/**
 * Builds the indexes and the digests anew, if an earlier opening found one of them wrong. Costs grow with the store.
 *
 * @throws when two rows claim what is unique: then the rows are wrong, and not the index
 */
export function rebuildIfAsked(db: Database): boolean {
  if (db.get("SELECT 1 AS found FROM notes WHERE key = ?", NOTE) === undefined) return false;
  db.run("BEGIN IMMEDIATE");
  try {
    for (const table of TABLES) db.exec(`REINDEX ${table}`);
    db.run("DELETE FROM digests");
    let after = 0;
    for (;;) {
      const rows = db.all<EntryRow>("SELECT * FROM entries WHERE seq > ? ORDER BY seq LIMIT 500", after);
      for (const row of rows) if (isIntact(row)) keepDigest({ db, epoch: 0 }, row);
      after = rows.at(-1)?.seq ?? after;
      if (rows.length === 0) break;
    }
    db.run("DELETE FROM notes WHERE key = ?", NOTE);
    db.run("COMMIT");
    return true;
  } catch (error) {
    if (db.inTransaction()) db.run("ROLLBACK");
    throw error;
  }
}
