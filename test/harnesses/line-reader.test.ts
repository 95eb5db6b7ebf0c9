import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLineReader, type ReadLine } from "../../src/harnesses/claude-cli/line-reader.ts";
import { parseFrame } from "../../src/harnesses/claude-cli/frames.ts";

function readAll(bytes: Buffer, cuts: readonly number[], max: number): ReadLine[] {
  const reader = createLineReader(max);
  const lines: ReadLine[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b)) {
    lines.push(...reader.push(bytes.subarray(from, cut)));
    from = cut;
  }
  return [...lines, ...reader.rest()];
}

test("however the chunks fall, the lines are the same", () => {
  const line = fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) => !text.includes("\n"));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(400)), (texts, cuts) => {
      const lines = readAll(Buffer.from(texts.join("\n")), cuts, 10_000);
      assert.deepEqual(
        lines,
        texts.filter((text) => text.trim() !== "").map((text) => ({ kind: "line", text })),
      );
    }),
  );
});

test("a line that is too long is reported once, and the next one is whole", () => {
  fc.assert(
    fc.property(fc.integer({ min: 11, max: 3000 }), fc.array(fc.nat(3000)), (length, cuts) => {
      const lines = readAll(Buffer.from(`short\n${"x".repeat(length)}\nafter`), cuts, 10);
      assert.deepEqual(
        lines.map((read) => (read.kind === "line" ? read.text : read.kind)),
        ["short", "too-long", "after"],
      );
    }),
  );
});

test("whatever a line holds, reading it throws nothing", () => {
  const odd = fc.oneof(
    fc.string(),
    fc.json(),
    fc.anything().map((value) => JSON.stringify(value) ?? ""),
  );
  const typed = fc.record({
    type: fc.constantFrom(
      "system",
      "assistant",
      "user",
      "result",
      "stream_event",
      "control_request",
      "control_response",
      "rate_limit_event",
    ),
    subtype: fc.anything(),
    message: fc.anything(),
    event: fc.anything(),
    request: fc.anything(),
    response: fc.anything(),
    usage: fc.anything(),
    user_message_uuids: fc.anything(),
  });
  fc.assert(fc.property(odd, (line) => void parseFrame(line)));
  fc.assert(fc.property(typed, (frame) => assert.ok(parseFrame(JSON.stringify(frame)) !== undefined)));
});
