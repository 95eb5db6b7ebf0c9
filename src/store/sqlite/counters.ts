import type { Tx } from "./context.ts";

/** Adds to a counter that lives in the store. Zero writes nothing. */
export function count({ db }: Tx, name: string, by: number): void {
  if (by === 0) return;
  db.run(
    "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
    name,
    by,
  );
}

/** The counters whose names begin with a prefix (`intake:`, `entries:`), by the rest of their names. */
export function countersOf({ db }: Pick<Tx, "db">, prefix: string): ReadonlyMap<string, number> {
  const rows = db.all<{ name: string | null; value: number }>("SELECT name, value FROM counters");
  return new Map(
    rows.flatMap(({ name, value }) =>
      // A damaged page may hold what no column allows: the recount tells.
      name?.startsWith(prefix) === true ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}

/** Numbers that are given once and never again. */
export type Numbered = "entry" | "delivery";

/** The next number of its kind. It stands where every commit writes anyway. */
export function nextNumber({ db }: Pick<Tx, "db">, what: Numbered): number {
  db.run("UPDATE counters SET value = value + 1 WHERE name = ?", `store:${what}`);
  return db.get<{ value: number }>("SELECT value FROM counters WHERE name = ?", `store:${what}`)?.value ?? 0;
}

/** A number that is there already is never given, whatever became of the counter. */
export function liftNumbers(db: Tx["db"]): void {
  for (const [name, table] of [
    ["store:entry", "entries"],
    ["store:delivery", "deliveries"],
  ] as const) {
    const last = db.get<{ seq: number | null }>(`SELECT max(seq) AS seq FROM ${table}`)?.seq ?? 0;
    const known = db.get<{ value: number }>("SELECT value FROM counters WHERE name = ?", name)?.value ?? -1;
    if (known < last) db.run("INSERT OR REPLACE INTO counters VALUES (?, ?)", name, last);
  }
}
