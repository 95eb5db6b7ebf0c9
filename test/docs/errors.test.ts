import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRORS, EXIT } from "../../src/core/errors.ts";
import { refresh, tableOf } from "./tables.ts";

const PAGE = "docs/errors.md";
const errors = Object.entries(ERRORS).map(([code, row]) => [
  `\`${code}\``,
  String(row.exit),
  String(row.status),
  row.summary,
  row.fix,
]);
const exits = Object.values(EXIT).map(String);
refresh(PAGE, "errors", errors, 1);

test("docs/errors.md is the error table, row by row", () => {
  assert.deepEqual(tableOf(PAGE, "errors"), errors);
});

test("docs/errors.md explains every exit code", () => {
  const rows = tableOf(PAGE, "exit codes");
  assert.deepEqual(
    rows.map(([code]) => code),
    exits,
  );
  for (const [code, meaning = ""] of rows) assert.ok(meaning.length > 3, code);
});
