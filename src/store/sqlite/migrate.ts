import { RollcallError } from "../../core/errors.ts";
import type { Database } from "./database.ts";
import { FIRST_TABLES } from "./migrations/001-first-tables.ts";
import { ALERT_TABLES } from "./migrations/002-alerts.ts";
import { RECOVERY_COLUMNS } from "./migrations/005-recovery.ts";
import { INTEGRITY_TABLES } from "./migrations/003-integrity.ts";
import { RETENTION_TABLES } from "./migrations/004-retention.ts";
import { OUTBOX_LINES } from "./migrations/006-outbox.ts";
import { INTAKE_TABLES } from "./migrations/007-intake.ts";
import { MESSAGE_TABLES } from "./migrations/008-messages.ts";
import { sealOf } from "./seals.ts";

/** Every change of the schema, oldest first. Released ones never change; the schema's version is their number. */
const MIGRATIONS: readonly string[] = [
  FIRST_TABLES,
  ALERT_TABLES,
  INTEGRITY_TABLES,
  RETENTION_TABLES,
  RECOVERY_COLUMNS,
  OUTBOX_LINES,
  INTAKE_TABLES,
  MESSAGE_TABLES,
];

/** "Roll": tells `file` and us that a database is a store of this program. */
const APPLICATION_ID = 0x526f6c6c;

/**
 * Brings the schema to this program's version, one transaction per migration, so that a crash leaves a whole older one.
 *
 * @throws RollcallError `store-newer`, `store-unreadable` (a database of another program)
 */
export function migrate(db: Database): void {
  const version = pragma(db, "user_version");
  const application = pragma(db, "application_id");
  if (application !== APPLICATION_ID && (version !== 0 || hasTables(db))) {
    throw new RollcallError("store-unreadable", { detail: "the database belongs to another program" });
  }
  if (version > MIGRATIONS.length) {
    throw new RollcallError("store-newer", { detail: `schema ${version}, written by ${writer(db)}` });
  }
  if (version === MIGRATIONS.length) return;
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(
        `${sql}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1}; COMMIT`,
      );
    } catch (error) {
      if (db.inTransaction()) db.exec("ROLLBACK");
      throw error;
    }
  }
  db.run("UPDATE meta SET layout = ?", layoutOf(db));
}

/**
 * A bit of the schema decides which index holds what: held against what the migrations made.
 *
 * @throws RollcallError `store-corrupt`
 */
export function proveLayout(db: Database): void {
  const { layout } = db.get<{ layout: string }>("SELECT layout FROM meta") ?? {};
  // Empty after a crash between the last migration and its note: then the tables are as new as they can be.
  if (layout === "" || layout === layoutOf(db)) return;
  throw new RollcallError("store-corrupt", { detail: "its tables aren't what they were made as" });
}

function layoutOf(db: Database): string {
  const all = db.all<{ text: string | null }>("SELECT sql AS text FROM sqlite_schema ORDER BY type, name");
  return sealOf(all.map(({ text }) => text));
}

function pragma(db: Database, name: "user_version" | "application_id"): number {
  return db.get<Record<string, number>>(`PRAGMA ${name}`)?.[name] ?? 0;
}

function hasTables(db: Database): boolean {
  return db.get("SELECT 1 AS found FROM sqlite_schema LIMIT 1") !== undefined;
}

/** The version that wrote a newer store; its `meta` may have any shape by then. */
function writer(db: Database): string {
  const known = db.get("SELECT 1 AS found FROM pragma_table_info('meta') WHERE name = 'written_by'");
  if (known === undefined) return "an unknown version";
  return db.get<{ written_by: string }>("SELECT written_by FROM meta")?.written_by ?? "an unknown version";
}
