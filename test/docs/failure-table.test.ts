import assert from "node:assert/strict";
import { test } from "node:test";
import { FAILURE_TABLE, type FailureClass, type FailureRow } from "../../src/core/failure.ts";
import { refresh, tableOf } from "./tables.ts";

const PAGE = "docs/failure-table.md";
const rows = (Object.keys(FAILURE_TABLE) as FailureClass[]).flatMap((name) =>
  Object.entries<FailureRow>(FAILURE_TABLE[name]).map(([seen, row]) => [
    name,
    seen,
    `\`${row.next}\``,
    row.usesAttempt ? "yes" : "no",
  ]),
);
refresh(PAGE, "failures", rows, 2);

test("docs/failure-table.md is the failure table, row by row", () => {
  assert.deepEqual(
    tableOf(PAGE, "failures").map((cells) => cells.slice(0, 4)),
    rows,
  );
});

test("docs/failure-table.md says for every row what people read", () => {
  for (const [name, seen, , , text = ""] of tableOf(PAGE, "failures"))
    assert.notEqual(text, "", `${name ?? ""} ${seen ?? ""}`);
});
