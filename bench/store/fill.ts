/**
 * A store with a long history, made in a minute or two: some messages live their whole life through the store itself,
 * and their rows are copied with other ids, places and hashes.
 */
import path from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Clock } from "../../src/ports/clock.ts";
import { lineHash, root, type LineRow } from "../../src/store/sqlite/chain.ts";
import { digestOf } from "../../src/store/sqlite/digests.ts";
import { openStore, STORE_FILE } from "../../src/store/sqlite/open.ts";
import type { DeliveryRow, EntryRow, TurnRow } from "../../src/store/sqlite/rows.ts";
import { deliverySeal, entryHash, entrySeal, turnSeal } from "../../src/store/sqlite/seals.ts";
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
  await writeBlock(dir, of.conversations, Date.now() - SPAN);
  const db = new DatabaseSync(path.join(dir, STORE_FILE));
  // Nothing of it must outlive a crash.
  db.exec(
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -1000000",
  );
  try {
    copyBlock(db, of.messages / of.conversations - 1);
    db.exec("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL");
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

type Row = Record<string, string | number | null>;

/** Rows of one table, and how a copy of them is written. */
interface Source {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly insert: StatementSync;
}

/** What a copy adds to the numbers of its source, and puts in the place of its mark. */
interface Shift {
  readonly mark: string;
  readonly rows: Readonly<Record<"entries" | "deliveries" | "history", number>>;
  readonly time: number;
}

/** A table that the store has gained since would be missing from the history. */
function expectAllCopied(db: DatabaseSync): void {
  const copied = ["entries", "history", "turns", "deliveries", "usage", "digests"];
  const tables = db
    .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    .all();
  for (const table of tables.map(({ name }) => String(name)).filter((name) => !copied.includes(name))) {
    const columns = db.prepare(`PRAGMA table_info(${table})`).all();
    const marked = columns.map(({ name }) => `instr(${String(name)}, '${MARK}') > 0`).join(" OR ");
    const row = db.prepare(`SELECT 1 FROM ${table} WHERE ${marked} LIMIT 1`).get();
    if (row !== undefined) throw new BenchFailed(`${table} has rows of messages, too: copy them`);
  }
}

function copyBlock(db: DatabaseSync, copies: number): void {
  expectAllCopied(db);
  const indexes = db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    .all() as unknown as readonly { readonly name: string; readonly sql: string }[];
  const entries = sourceOf(db, "entries", "seq");
  const history = sourceOf(db, "history", "entry, n");
  const rest = {
    turns: sourceOf(db, "turns", "last_seq"),
    deliveries: sourceOf(db, "deliveries", "seq"),
    usage: sourceOf(db, "usage", "turn"),
    digests: sourceOf(db, "digests", "seq"),
  };
  const counts = { entries: entries.rows.length, deliveries: rest.deliveries.rows.length };
  const linesOf = Map.groupBy(history.rows, (line) => line["entry"]);
  db.exec("BEGIN");
  // Written once at the end is cheaper than a million times.
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
  for (let nth = 1; nth <= copies; nth++) {
    const shift: Shift = {
      mark: markOf(nth),
      rows: {
        entries: counts.entries * nth,
        deliveries: counts.deliveries * nth,
        history: history.rows.length * nth,
      },
      time: Math.floor((SPAN * nth) / (copies + 1)),
    };
    for (const entry of entries.rows)
      copyEntry(shift, entry, linesOf.get(entry["id"] ?? null) ?? [], { entries, history, ...rest });
    for (const row of rest.turns.rows) put(rest.turns, sealedTurn(moved(row, shift, "entries")));
    for (const row of rest.deliveries.rows)
      put(rest.deliveries, sealedDelivery(moved(row, shift, "deliveries")));
    for (const row of rest.usage.rows) put(rest.usage, moved(row, shift, "entries"));
  }
  for (const { sql } of indexes) db.exec(sql);
  // The books, and the numbers that are given next: what was copied was received, too.
  db.exec(`UPDATE counters SET value = value * ${copies + 1} WHERE name <> 'store:commits'`);
  db.exec(`UPDATE sessions SET messages = messages * ${copies + 1}`);
  db.exec("COMMIT");
}

/** Letters first, so that it is never the source's own; sorted as the copies are. */
function markOf(nth: number): string {
  return String.fromCharCode(97 + Math.floor(nth / 4096)) + (nth % 4096).toString(16).padStart(3, "0");
}

function sourceOf(db: DatabaseSync, table: string, order: string): Source {
  // Columns that are made of others aren't listed.
  const columns = db
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map(({ name }) => String(name));
  const names = columns.join(", ");
  const rows = db.prepare(`SELECT ${names} FROM ${table} ORDER BY ${order}`).all() as Row[];
  const marks = columns.map(() => "?").join(", ");
  return { columns, rows, insert: db.prepare(`INSERT INTO ${table} (${names}) VALUES (${marks})`) };
}

function put({ columns, insert }: Source, row: object): void {
  insert.run(...columns.map((name) => (row as Row)[name] ?? null));
}

const TIMES = new Set(["at", "accepted_at", "claimed_at", "answered_at", "created_at", "not_before"]);

/** Which columns of a row are other in each copy. */
interface Moving {
  readonly texts: readonly [string, string][];
  readonly places: readonly [string, number][];
  readonly times: readonly [string, number][];
}

const moving = new WeakMap<Row, Moving>();

function movingOf(row: Row): Moving {
  const known = moving.get(row);
  if (known !== undefined) return known;
  const all = Object.entries(row);
  const numbers = all.filter((pair): pair is [string, number] => typeof pair[1] === "number");
  const made = {
    texts: all.filter(
      (pair): pair is [string, string] => typeof pair[1] === "string" && pair[1].includes(MARK),
    ),
    places: numbers.filter(([name]) => ["seq", "n", "last_seq"].includes(name)),
    times: numbers.filter(([name]) => TIMES.has(name)),
  };
  moving.set(row, made);
  return made;
}

/** The same row in the copy: its ids, its places in the orders, and its times. */
function moved(row: Row, shift: Shift, table: keyof Shift["rows"]): Row {
  const { texts, places, times } = movingOf(row);
  const next = { ...row };
  for (const [name, value] of texts) next[name] = value.replaceAll(MARK, shift.mark);
  for (const [name, value] of places)
    next[name] = value + shift.rows[name === "last_seq" ? "entries" : table];
  for (const [name, value] of times) next[name] = value + shift.time;
  return next;
}

function copyEntry(
  shift: Shift,
  source: Row,
  lines: readonly Row[],
  into: Readonly<Record<"entries" | "history" | "digests", Source>>,
): void {
  const row = moved(source, shift, "entries") as unknown as EntryRow;
  const digest = digestOf(row.channel, row.account, row.dedupe_key);
  const hashed = { ...row, digest, hash: entryHash({ ...row, digest }) };
  let chain = root(hashed);
  for (const line of lines) {
    const next = moved(line, shift, "history") as unknown as LineRow;
    chain = lineHash(chain, next);
    put(into.history, { ...next, hash: chain });
  }
  const chained = { ...hashed, chain };
  put(into.entries, { ...chained, seal: entrySeal(chained) });
  put(into.digests, { digest, seq: chained.seq });
}

function sealedTurn(row: Row): TurnRow {
  const turn = row as unknown as TurnRow;
  return { ...turn, seal: turnSeal(turn) };
}

function sealedDelivery(row: Row): DeliveryRow {
  const delivery = row as unknown as DeliveryRow;
  return { ...delivery, seal: deliverySeal(delivery) };
}
