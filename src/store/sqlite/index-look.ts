import type { Tx } from "./context.ts";
import { seqOfDigest } from "./digests.ts";
import type { EntryRow } from "./rows.ts";

/** Tables whose rows are looked up in each of their indexes. */
export type Looked = "entries" | "turns" | "deliveries";

interface Index {
  readonly name: string;
  /** Which rows a partial index holds. */
  readonly where: string | null;
  readonly columns: readonly string[];
}

const texts = new Map<string, string>();

/**
 * Looks rows up by each index of their table, whatever indexes there are. Returns the names of those that don't lead
 * from a row to itself.
 *
 * @param after the row number after which the slice begins
 */
export function wrongIndexes(
  on: Pick<Tx, "db">,
  table: Looked,
  after: number,
  most: number,
): ReadonlySet<string> {
  const indexes = indexesOf(on, table);
  const key = `${table} ${indexes.map(({ name, where }) => `${name} ${where}`).join(" ")}`;
  const sql = texts.get(key) ?? textOf(table, indexes);
  texts.set(key, sql);
  const wrong = new Set<string>();
  for (const found of on.db.all<Readonly<Record<string, number>>>(sql, after, most)) {
    for (const [name, is] of Object.entries(found)) if (is === 0) wrong.add(name);
  }
  return wrong;
}

function indexesOf({ db }: Pick<Tx, "db">, table: Looked): readonly Index[] {
  const known = db.all<{ name: string; sql: string | null }>(
    "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? ORDER BY name",
    table,
  );
  return known.map(({ name, sql }) => ({
    name,
    where: /\bWHERE\b([^]*)$/.exec(sql ?? "")?.[1]?.trim() ?? null,
    columns: db
      .all<{ name: string }>("SELECT name FROM pragma_index_info(?) ORDER BY seqno", name)
      .map((column) => column.name),
  }));
}

/** One statement for a slice: a column for each index, 0 where it doesn't lead to the row. */
function textOf(table: Looked, indexes: readonly Index[]): string {
  const looks = indexes.map(({ name, where, columns }) => {
    const same = columns.map((column) => `probe.${column} IS one.${column}`).join(" AND ");
    const found = `EXISTS (SELECT 1 FROM ${table} AS probe INDEXED BY ${name}
      WHERE ${where === null ? "" : `(${where}) AND `}${same} AND probe.rowid = one.rowid)`;
    return `${where === null ? found : `(coalesce(NOT (${where}), 1) OR ${found})`} AS ${name}`;
  });
  return `SELECT ${looks.join(", ")} FROM ${table} AS one NOT INDEXED WHERE one.rowid > ? ORDER BY one.rowid LIMIT ?`;
}

/** The digests know an entry's key; where two keys have one digest, the first one's entry stands for both. */
export function isDigested({ db }: Pick<Tx, "db">, { digest, seq }: EntryRow): boolean {
  const known = seqOfDigest({ db }, digest);
  if (known === undefined || known === seq) return known === seq;
  return db.get<{ digest: number }>("SELECT digest FROM entries WHERE seq = ?", known)?.digest === digest;
}
