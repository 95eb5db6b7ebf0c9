import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { cleanFileName } from "../../../src/core/file-name.ts";
import { formatModelRef, parseModelRef } from "../../../src/core/model-ref.ts";

test("a name from outside is one safe part of a path", () => {
  const nasty = fc.string({
    unit: fc.constantFrom(
      "..",
      "/",
      "\\",
      "a",
      ".",
      " ",
      "\u0000",
      "\u202e",
      "é",
      "😀",
      "\ud800",
      ":",
      "txt",
    ),
  });
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: "binary" }), fc.string({ maxLength: 400 })), (name) => {
      const clean = cleanFileName(name);
      assert.ok(clean.length > 0 && clean.length <= 100, clean);
      assert.ok(clean.isWellFormed());
      assert.doesNotMatch(clean, /[/\\<>:"|?*\p{Cc}\p{Cf}]/u);
      assert.doesNotMatch(clean, /^[.\s]/);
      assert.equal(path.posix.resolve("/in", clean), `/in/${clean}`);
      assert.equal(path.win32.basename(clean), clean);
    }),
  );
});

test("a clean name is kept, and a long one keeps its ending", () => {
  assert.equal(cleanFileName("report 2026.pdf"), "report 2026.pdf");
  assert.equal(cleanFileName("../../x"), "x");
  assert.equal(cleanFileName("\\\\host\\share\\a.txt"), "a.txt");
  assert.equal(cleanFileName(".."), "file");
  assert.equal(cleanFileName(""), "file");
  assert.match(cleanFileName(`${"a".repeat(300)}.pdf`), /^a{96}\.pdf$/);
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (name) =>
      assert.equal(cleanFileName(cleanFileName(name)), cleanFileName(name)),
    ),
  );
});

test("a model reference splits at its first slash", () => {
  assert.deepEqual(parseModelRef("claude-cli/claude-opus-4-7"), {
    harness: "claude-cli",
    model: "claude-opus-4-7",
  });
  assert.deepEqual(parseModelRef("openai/org/model"), { harness: "openai", model: "org/model" });
  for (const text of ["", "claude-cli", "/model", "claude-cli/", "/"])
    assert.equal(parseModelRef(text), undefined, text);
});

test("a model reference reads back as it was written", () => {
  const harness = fc.string({ minLength: 1 }).filter((text) => !text.includes("/"));
  fc.assert(
    fc.property(harness, fc.string({ minLength: 1 }), (h, model) => {
      assert.deepEqual(parseModelRef(formatModelRef({ harness: h, model })), { harness: h, model });
    }),
  );
});
