/**
 * Hashes over rows. What never changes of an entry is hashed once, when it is accepted; a seal covers that hash and
 * everything else of the row, and is written anew with every change. A row that didn't pass before a change doesn't pass
 * after it: damage is never sealed in.
 *
 * Keeps: I15.
 */
import { hash } from "node:crypto";
import type { Tx } from "./context.ts";
import type { Value } from "./database.ts";
import type { DeliveryRow, EntryRow, TurnRow } from "./rows.ts";

/** 132 bits: chance doesn't make two. */
const LETTERS = 22;
/** What no hash ever is. */
const BROKEN = "broken";

/**
 * One hash over values in their order; lists that differ have different texts. Halves of characters are taken as the
 * database keeps them.
 */
export function sealOf(values: readonly Value[]): string {
  const kept = values.map((value) => (typeof value === "string" ? value.toWellFormed() : value));
  return hash("sha256", JSON.stringify(kept), "base64url").slice(0, LETTERS);
}

/** What may change of an entry. */
type Mutable = "state" | "attempt" | "not_before" | "hold" | "turn" | "conversation" | "session";
/** What never changes of an entry. */
export type Immutable = Omit<EntryRow, "seq" | "hash" | "chain" | "seal" | Mutable>;
type Sealed = Pick<EntryRow, Mutable | "seq" | "hash" | "chain">;

/** What each hash covers, in order. Whoever adds a column adds it here, too, or nothing proves it. */
// prettier-ignore
const COVERED = {
  entry: ["id", "kind", "channel", "account", "thread", "dedupe_key", "client_id", "sender", "role", "agent", "accepted_at",
    "replay_of", "digest", "body"],
  entrySeal: ["seq", "hash", "chain", "state", "attempt", "not_before", "hold", "turn", "conversation", "session"],
  turn: ["id", "session", "agent", "entries", "last_seq", "chapter", "attempt", "failures", "reruns", "state",
    "generation", "harness", "model", "native_session", "custody", "claimed_at", "answered_at", "reply"],
  delivery: ["seq", "id", "key", "kind", "address", "entry", "turn", "part", "created_at", "state", "attempts", "in_doubt",
    "not_before", "platform_id", "asked_for", "body"],
} as const satisfies {
  entry: readonly (keyof Immutable)[];
  entrySeal: readonly (keyof Sealed)[];
  turn: readonly (keyof TurnRow)[];
  delivery: readonly (keyof DeliveryRow)[];
};

export function entryHash(row: Immutable): string {
  return sealOf(COVERED.entry.map((column) => row[column]));
}

export function entrySeal(row: Sealed): string {
  return sealOf(COVERED.entrySeal.map((column) => row[column]));
}

/** Whether an entry is as it was written. */
export function isIntact(row: EntryRow): boolean {
  return row.seal === entrySeal(row) && row.hash === entryHash(row);
}

export function turnSeal(row: Omit<TurnRow, "seal">): string {
  return sealOf(COVERED.turn.map((column) => row[column]));
}

export function deliverySeal(row: Omit<DeliveryRow, "seal">): string {
  return sealOf(COVERED.delivery.map((column) => row[column]));
}

/** Changes a turn and seals it anew. Returns the row as it stands then. */
export function patchTurn({ db }: Pick<Tx, "db">, row: TurnRow, change: Partial<TurnRow>): TurnRow {
  const next = { ...row, ...change };
  const seal = row.seal === turnSeal(row) ? turnSeal(next) : BROKEN;
  set(db, "turns", { ...change, seal }, "id", row.id);
  return { ...next, seal };
}

/** Changes a delivery and seals it anew. Returns the row as it stands then. */
export function patchDelivery(
  { db }: Pick<Tx, "db">,
  row: DeliveryRow,
  change: Partial<DeliveryRow>,
): DeliveryRow {
  const next = { ...row, ...change };
  const seal = row.seal === deliverySeal(row) ? deliverySeal(next) : BROKEN;
  set(db, "deliveries", { ...change, seal }, "seq", row.seq);
  return { ...next, seal };
}

/** Changes what may change of an entry, and seals it anew. Returns the row as it stands then. */
export function patchEntry(
  { db }: Pick<Tx, "db">,
  row: EntryRow,
  change: Partial<Pick<EntryRow, Mutable | "chain">>,
): EntryRow {
  const next = { ...row, ...change };
  // The hash isn't looked at here: no change can make it pass again.
  const seal = row.seal === entrySeal(row) ? entrySeal(next) : BROKEN;
  set(db, "entries", { ...change, seal }, "seq", row.seq);
  return { ...next, seal };
}

/** The columns are names of our own row types, in the order of their writing: a bounded set of texts. */
function set(
  db: Tx["db"],
  table: "entries" | "turns" | "deliveries",
  columns: Readonly<Record<string, Value>>,
  key: "id" | "seq",
  is: Value,
): void {
  const names = Object.keys(columns);
  const sql = `UPDATE ${table} SET ${names.map((name) => `${name} = ?`).join(", ")} WHERE ${key} = ?`;
  db.run(sql, ...Object.values(columns), is);
}
