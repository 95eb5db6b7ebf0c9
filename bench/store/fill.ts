/**
 * A store with a long history, made in a minute: some messages live their whole life through the store itself, and
 * their rows are copied with other ids.
 */
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../src/ports/clock.ts";
import { openStore, STORE_FILE } from "../../src/store/sqlite/open.ts";
import { BenchFailed } from "../program.ts";
import { live, MARK } from "./lives.ts";

/** What the history spans, so that nothing of it is old enough to be cleared away. */
const SPAN = 24 * 60 * 60 * 1000;

/**
 * Makes a store in a state directory with so many ended messages.
 *
 * @param of messages: a multiple of `conversations`
 */
export async function fillStore(
  dir: string,
  of: { readonly messages: number; readonly conversations: number },
): Promise<void> {
  const begin = Date.now() - SPAN;
  await writeBlock(dir, of.conversations, begin);
  const db = new DatabaseSync(path.join(dir, STORE_FILE));
  // Nothing of it must outlive a crash.
  db.exec(
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY",
  );
  try {
    copyBlock(db, { copies: of.messages / of.conversations - 1, size: of.conversations });
    db.exec("PRAGMA journal_mode = WAL");
  } finally {
    db.close();
  }
}

/** One message for each conversation. */
async function writeBlock(dir: string, size: number, at: number): Promise<void> {
  const clock: Clock = {
    now: () => at,
    monotonic: () => performance.now(),
    sleep: () => Promise.resolve(),
    timer: () => () => {},
  };
  const store = await openStore({ dir, clock, version: "bench" });
  await Promise.all(Array.from({ length: size }, (_, n) => live(store, clock, n)));
  await store.close();
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly pk: number;
}

interface Copy {
  readonly copies: number;
  /** Messages in what is copied. */
  readonly size: number;
}

function copyBlock(db: DatabaseSync, copy: Copy): void {
  if (copy.copies < 1) return;
  const tables = names(db, "type = 'table' AND name NOT LIKE 'sqlite_%'");
  const indexes = db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    .all() as unknown as readonly { readonly name: string; readonly sql: string }[];
  db.exec("BEGIN");
  // Written once at the end is cheaper than a million times.
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
  const copied = tables.filter((table) => copyTable(db, table, copy));
  if (!copied.includes("entries")) throw new BenchFailed("no entries were copied");
  for (const { sql } of indexes) db.exec(sql);
  count(db, copy);
  db.exec("COMMIT");
}

function names(db: DatabaseSync, condition: string): readonly string[] {
  const rows = db.prepare(`SELECT name FROM sqlite_schema WHERE ${condition}`).all();
  return rows.map(({ name }) => String(name));
}

/** Copies a table's rows if they are of messages: those have the mark in them. */
function copyTable(db: DatabaseSync, table: string, { copies, size }: Copy): boolean {
  const columns = db.prepare(`PRAGMA table_info(${table})`).all() as unknown as readonly Column[];
  const texts = columns.filter(({ type }) => type === "TEXT").map(({ name }) => name);
  const marked = texts.map((name) => `instr(${name}, '${MARK}') > 0`).join(" OR ") || "0";
  const rows = Number(db.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${marked}`).get()?.["n"]);
  if (rows === 0) return false;
  const moved = columns.map(({ name, type, pk }) => {
    if (type === "TEXT") return `replace(${name}, '${MARK}', copy.mark)`;
    if (type !== "INTEGER") return name;
    if (pk === 1) return `${name} + ${rows} * nth`;
    if (name === "last_seq") return `${name} + ${size} * nth`;
    return /^(?:at|.*_at|not_before)$/.test(name)
      ? `${name} + ${Math.floor(SPAN / (copies + 1))} * nth`
      : name;
  });
  db.exec(`CREATE TEMP TABLE block AS SELECT * FROM ${table} WHERE ${marked}`);
  // Their marks are letters first, so that none is the mark of what is copied.
  db.exec(`WITH RECURSIVE copy(nth, mark) AS (
      SELECT 1, 'a001' UNION ALL SELECT nth + 1, char(97 + (nth + 1) / 4096) || printf('%03x', (nth + 1) % 4096) FROM copy WHERE nth < ${copies}
    ) INSERT INTO ${table} SELECT ${moved.join(", ")} FROM copy CROSS JOIN block`);
  db.exec("DROP TABLE block");
  return true;
}

/** The books: what was copied was received, too. */
function count(db: DatabaseSync, { copies }: Copy): void {
  db.exec(`UPDATE counters SET value = value * ${copies + 1}`);
  db.exec(`UPDATE sessions SET messages = messages * ${copies + 1}`);
}
