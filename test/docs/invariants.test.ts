import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { InvariantId } from "../../src/core/assert.ts";
import { tableOf } from "./tables.ts";

const PAGE = "docs/invariants.md";
const IDS: readonly InvariantId[] = [
  "I1",
  "I2",
  "I3",
  "I4",
  "I5",
  "I6",
  "I7",
  "I8",
  "I9",
  "I10",
  "I11",
  "I12",
  "I13",
  "I14",
  "I15",
  "I16",
  "I17",
  "I18",
];

test("docs/invariants.md lists every invariant once, in order, with its checker or an honest `not yet`", () => {
  const rows = tableOf(PAGE, "invariants");
  assert.deepEqual(
    rows.map(([id]) => id),
    IDS,
  );
  for (const [id, promise = "", checked = ""] of rows) assert.ok(promise !== "" && checked !== "", id);
});

test("every test that docs/invariants.md names is there", () => {
  const root = path.resolve(import.meta.dirname, "../..");
  const named = tableOf(PAGE, "invariants").flatMap(([, , checked = ""]) =>
    [...checked.matchAll(/`([\w./-]+\/[\w./-]*)`/g)].map((m) => m[1] ?? ""),
  );
  assert.deepEqual(
    named.filter((file) => !existsSync(path.join(root, file))),
    [],
  );
});
