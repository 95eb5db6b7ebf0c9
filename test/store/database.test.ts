import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { it } from "node:test";
import { createDatabase } from "../../src/store/sqlite/database.ts";

it("a bound on rows is not planned by, so that no call plans its query anew", () => {
  const raw = new DatabaseSync(":memory:");
  const prepared: string[] = [];
  const prepare = raw.prepare.bind(raw);
  raw.prepare = (sql: string) => {
    prepared.push(sql);
    return prepare(sql);
  };
  const db = createDatabase(raw);
  db.exec("CREATE TABLE t (n INTEGER PRIMARY KEY)");
  for (const n of [1, 2, 3]) db.run("INSERT INTO t VALUES (?)", n);

  const rows = (limit: number): number => db.all("SELECT n FROM t WHERE n > ? LIMIT ?", 0, limit).length;
  assert.deepEqual([rows(2), rows(0), rows(9)], [2, 0, 3]);

  const queries = prepared.filter((sql) => sql.startsWith("SELECT"));
  assert.deepEqual(queries, ["SELECT n FROM t WHERE n > ? LIMIT ? + 0"], "prepared once, as a sum");
  db.close();
});
