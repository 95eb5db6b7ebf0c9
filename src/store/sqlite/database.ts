// oxlint-disable typescript/no-unnecessary-type-parameters -- a row's type is the caller's promise about its own SQL
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RollcallError } from "../../core/errors.ts";
import { writeFault } from "./sqlite-error.ts";

/** What a column may hold. Times and counts are integers below 2^53. */
export type Value = string | number | null;

/** The engine behind one opening of the store: statements are prepared once, rows are typed where they are read. */
export interface Database {
  /** The first row, undefined when there is none. */
  get<Row>(sql: string, ...values: readonly Value[]): Row | undefined;
  all<Row>(sql: string, ...values: readonly Value[]): readonly Row[];
  /** Returns how many rows changed. */
  run(sql: string, ...values: readonly Value[]): number;
  /** Statements without values, not cached. */
  exec(sql: string): void;
  inTransaction(): boolean;
  /** The commit that is being written, and how many lines of history it has so far. */
  readonly writing: { commit: number; lines: number };
  close(): void;
}

/**
 * SQLite looks at the value of a bare `LIMIT ?` while it plans, and so plans anew whenever another one is bound: before
 * every single call, which takes ten times as long as most of the queries themselves. It doesn't look into a sum.
 */
function planOnce(sql: string): string {
  return sql.replaceAll(/\bLIMIT \?(?! ?\+)/g, "LIMIT ? + 0");
}

/**
 * The same database, whose reads report a fault of the disk or the file before they throw it: `store-io`,
 * `store-corrupt`. In a transaction the fault is left to whoever commits.
 */
export function reportingReads(db: Database, failed: (fault: RollcallError) => void): Database {
  const guarded = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      const fault = db.inTransaction() ? undefined : writeFault(error);
      if (fault === undefined) throw error;
      failed(fault);
      throw fault;
    }
  };
  return {
    ...db,
    get: <Row>(sql: string, ...values: readonly Value[]) => guarded(() => db.get<Row>(sql, ...values)),
    all: <Row>(sql: string, ...values: readonly Value[]) => guarded(() => db.all<Row>(sql, ...values)),
  };
}

/**
 * Wraps an open connection. Statement texts must come from a bounded set: each one stays prepared.
 * The row types are promises of the caller about its own SQL; nothing checks them.
 */
export function createDatabase(raw: DatabaseSync): Database {
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = raw.prepare(planOnce(sql));
    prepared.set(sql, made);
    return made;
  };
  return {
    get: <Row>(sql: string, ...values: readonly Value[]) => statement(sql).get(...values) as Row | undefined,
    all: <Row>(sql: string, ...values: readonly Value[]) => statement(sql).all(...values) as Row[],
    run: (sql, ...values) => Number(statement(sql).run(...values).changes),
    exec: (sql) => raw.exec(sql),
    inTransaction: () => raw.isTransaction,
    writing: { commit: 0, lines: 0 },
    close: () => raw.close(),
  };
}
