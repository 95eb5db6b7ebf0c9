// Every failure class names the tests that show it can't happen, and they exist and have cases.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { read, ROOT } from "../tidy/tree.ts";

const page = read("docs/failure-classes.md");
const rows = page.split("\n").filter((line) => /^\| (?!what people saw)[^-]/.test(line));
const named = [
  ...new Set([...page.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map((match) => match[1] ?? "")),
];

test("every class has a cause that is ruled out and a test that shows it", () => {
  assert.ok(rows.length >= 25, `${rows.length} classes`);
  for (const row of rows) {
    const cells = row.replace(/^\| | \|$/g, "").split(" | ");
    assert.equal(cells.length, 3, row);
    assert.match(cells[2] ?? "", /^(?:`test\/[\w./-]+\.test\.ts` ?)+$/, row);
  }
});

test("the tests that are named exist and test something", () => {
  for (const file of named) {
    assert.ok(existsSync(path.join(ROOT, file)), file);
    assert.match(readFileSync(path.join(ROOT, file), "utf8"), /\b(?:test|it|check|suite)\w*\(/, file);
  }
});
