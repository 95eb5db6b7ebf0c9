import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { visibleLines, visibleText } from "../../../src/core/visible-text.ts";

const nasty = fc.string({
  unit: fc.constantFrom(
    "\u001b",
    "[2J",
    "\r",
    "\n",
    "\t",
    "\u202e",
    "\u2028",
    "\ud800",
    "a",
    "é",
    "👩‍💻",
    "\u0000",
    "\u009b",
    "\ufeff",
  ),
});

test("nothing in a line can move the cursor, begin a line, or turn the direction", () => {
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: "binary" })), (text) => {
      assert.doesNotMatch(
        visibleText(text),
        /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u,
      );
      assert.doesNotMatch(visibleLines(text), /(?![\t\n])\p{Cc}|[\u202e\u2028]/u);
    }),
  );
});

test("what people write stays as it is", () => {
  for (const text of ["hello", "Zürich – 東京 – مرحبا", "👩‍💻 and 🇩🇪"]) assert.equal(visibleText(text), text);
  assert.equal(visibleText("a\u001b[31m\nb"), "a\\u001b[31m\\u000ab");
  assert.equal(visibleLines("a\r\n\tb\rc"), "a\n\tb\\u000dc");
});
