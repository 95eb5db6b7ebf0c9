// An answer whose channel isn't open when it is stored must fit any channel that opens later.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { planBlind } from "../../src/outbox/plan-blind.ts";

const textsOf = (text: string): readonly string[] => planBlind({ text, files: [] }).map((body) => body.text);

test("parts fit, are whole characters, and lose nothing but the spaces at the cuts", () => {
  const words = fc.string({
    unit: fc.constantFrom("a", "é", "👋🏽", " ", "\n", "\n\n", "word"),
    maxLength: 4000,
  });
  fc.assert(
    fc.property(words, (text) => {
      const bodies = planBlind({ text, files: [] });
      const [first] = bodies;
      assert.ok(first !== undefined);
      if (first.file !== undefined) return assert.equal(first.file.content, text);
      for (const body of bodies) assert.ok(body.text.length <= 1900 && body.text.isWellFormed());
      const bare = (one: string): string => one.replaceAll(/[ \n]/g, "");
      assert.equal(bare(bodies.map((body) => body.text).join("")), bare(text));
    }),
  );
});

test("a short answer is one part, a long one a file, and files come after it", () => {
  assert.deepEqual(textsOf("hello"), ["hello"]);
  assert.deepEqual(textsOf(""), [""]);
  assert.equal(textsOf("x".repeat(5000)).length, 3);
  const [long, picture] = planBlind({ text: "y".repeat(400_000), files: ["/work/out/chart.png"] });
  assert.equal(long?.file?.content?.length, 400_000);
  assert.deepEqual([picture?.file?.name, picture?.file?.path], ["chart.png", "/work/out/chart.png"]);
});
