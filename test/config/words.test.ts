import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { didYouMean, editDistance } from "../../src/core/did-you-mean.ts";
import { visibleLines, visibleText } from "../../src/core/visible-text.ts";

describe("did you mean", () => {
  it("counts inserted, deleted, replaced and swapped letters", () => {
    const pairs: readonly (readonly [string, string, number])[] = [
      ["", "", 0],
      ["modle", "model", 1],
      ["prt", "port", 1],
      ["portt", "port", 1],
      ["pirt", "port", 1],
      ["kitten", "sitting", 3],
      ["", "abc", 3],
    ];
    for (const [a, b, distance] of pairs) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
  });

  it("is symmetric, zero only for equals, bounded by the longer text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert.equal(distance === 0, a === b);
        assert.ok(distance <= Math.max(a.length, b.length));
        assert.ok(distance >= Math.abs(a.length - b.length));
      }),
    );
  });

  it("suggests what is near, and nothing else", () => {
    const known = ["model", "midTurn", "id", "permissions"];
    assert.equal(didYouMean("modle", known), "model");
    assert.equal(didYouMean("MIDTURN", known), "midTurn");
    assert.equal(didYouMean("permisions", known), "permissions");
    assert.equal(didYouMean("ix", known), "id");
    assert.equal(didYouMean("xy", known), undefined);
    assert.equal(didYouMean("x".repeat(10_000), known), undefined);
  });
});

describe("visible text", () => {
  it("shows what could move, colour or turn", () => {
    assert.equal(visibleText("a\u001b[31m\r\nb\tc"), "a\\u001b[31m\\u000d\\u000ab\\u0009c");
    assert.equal(
      visibleText("\u202eevil\u2066\u009b\u2028\ud800"),
      "\\u202eevil\\u2066\\u009b\\u2028\\ud800",
    );
    assert.equal(visibleLines("a\r\nb\tc\r\u001b"), "a\nb\tc\\u000d\\u001b");
  });

  it("leaves letters of every script and joined emoji alone", () => {
    for (const text of ["Grüße", "שלום", "مرحبا", "👩‍👩‍👧", "क्ष", "naïve"]) assert.equal(visibleText(text), text);
  });

  it("never has a control character left", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) =>
        assert.doesNotMatch(visibleText(text), /\p{Cc}|\p{Cs}/u),
      ),
    );
  });
});
