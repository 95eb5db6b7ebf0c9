import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { openFence } from "../../src/channels/code-fence.ts";
import { splitMarkdown } from "../../src/channels/split-text.ts";
import { renderedUnits } from "../../src/channels/telegram/render.ts";

const units = (part: string): number => part.length;
const split = (text: string, limit: number, most = 1000) =>
  splitMarkdown(text, { limit, measure: units, most });

describe("splitMarkdown", () => {
  it("keeps a text that fits as it is", () => {
    assert.deepEqual(split("one\n\ntwo", 100), { parts: ["one\n\ntwo"], rest: "" });
    assert.deepEqual(split(" \n\t\n", 100), { parts: [], rest: "" });
  });

  it("prefers paragraphs to lines to words to characters", () => {
    assert.deepEqual(split("aaaa bbbb\ncccc\n\ndddd eeee ffff", 20).parts, [
      "aaaa bbbb\ncccc",
      "dddd eeee ffff",
    ]);
    assert.deepEqual(split("aaaa bbbb cc\ndddd eeee ffff", 20).parts, ["aaaa bbbb cc", "dddd eeee ffff"]);
    assert.deepEqual(split("aaaa bbbb cccc dddd", 12).parts, ["aaaa bbbb", "cccc dddd"]);
    assert.deepEqual(split("a".repeat(25), 10).parts, ["a".repeat(10), "a".repeat(10), "a".repeat(5)]);
  });

  it("closes a code block that it has to cut, and opens it again with its language", () => {
    const { parts } = split("```ts\nconst a = 1;\nconst b = 2;\nconst c = 3;\n```\nend", 35);
    assert.deepEqual(parts, ["```ts\nconst a = 1;\nconst b = 2;\n```", "```ts\nconst c = 3;\n```\nend"]);
  });

  it("cuts before a code block rather than within it", () => {
    const { parts } = split("some words of introduction\n\n```\nline\nline\nline\n```", 40);
    assert.deepEqual(parts, ["some words of introduction", "```\nline\nline\nline\n```"]);
  });

  it("takes the indent of a list's code block along", () => {
    const { parts } = split("- an item\n    ```js\n    one();\n    two();\n    ```\nafter", 30);
    assert.deepEqual(parts, ["- an item", "```js\none();\ntwo();\n```\nafter"]);
  });

  it("never cuts within a character", () => {
    for (const character of ["😀", "👨‍👩‍👧", "e\u0301"]) {
      for (const part of split(character.repeat(40), 24).parts) {
        assert.equal(part.isWellFormed(), true);
        assert.equal(part.length % character.length, 0, JSON.stringify(part));
      }
    }
  });

  it("cuts between the units of one endless character, but never within a code point", () => {
    for (const part of split(`a${"\u{1D167}".repeat(100)}`, 24).parts)
      assert.equal(part.isWellFormed(), true);
    for (const part of split(`ab${"\u{1D167}".repeat(100)}`, 24).parts)
      assert.equal(part.isWellFormed(), true);
  });

  it("stops at the most parts, and says what is left", () => {
    const { parts, rest } = split("one two three four five", 5, 2);
    assert.deepEqual([parts, rest], [["one", "two"], "three four five"]);
  });
});

const line = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.lorem({ maxCount: 12 }),
  fc.constantFrom(
    "",
    "```",
    "```ts",
    "~~~",
    "    ```",
    "> ```js",
    "- item",
    "  - nested",
    "| a | b |",
    "|---|---|",
  ),
);
const document = fc.array(line, { maxLength: 40 }).map((lines) => lines.join("\n"));

/** What has to be there in the end: everything but blanks, fences and quote marks, which cuts may add or take. */
const substance = (text: string): string =>
  text
    .split("\n")
    .filter((l) => !/^[\s>]*(?:`{3,}|~{3,})/.test(l))
    .join("")
    .replace(/[\s>]/g, "");

describe("splitMarkdown, for any text", () => {
  it("loses nothing, keeps the limit, leaves no code block open", () => {
    fc.assert(
      fc.property(document, fc.integer({ min: 40, max: 300 }), (text, limit) => {
        const { parts, rest } = split(text, limit);
        assert.equal(rest, "");
        assert.equal(substance(parts.join("\n")), substance(text));
        for (const part of parts) {
          assert.ok(part.length <= limit, `${part.length} > ${limit}`);
          assert.equal(openFence(part), undefined, JSON.stringify(part));
          assert.equal(part.isWellFormed(), true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps the limit as Telegram counts it, after rendering", () => {
    fc.assert(
      fc.property(document, fc.integer({ min: 60, max: 200 }), (text, limit) => {
        const { parts, rest } = splitMarkdown(text, { limit, measure: renderedUnits, most: 1000 });
        assert.equal(rest, "");
        for (const part of parts) assert.ok(renderedUnits(part) <= limit);
        assert.equal(substance(parts.join("\n")), substance(text));
      }),
      { numRuns: 200 },
    );
  });
});
