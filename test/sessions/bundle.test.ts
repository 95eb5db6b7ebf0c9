import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TurnId } from "../../src/core/ids.ts";
import { BUNDLE_WINDOWS, nextBundle } from "../../src/sessions/bundle.ts";
import { sampleBody, sampleEntry } from "../fakes/samples.ts";

const photo = {
  kind: "image",
  name: "a.jpg",
  mime: "image/jpeg",
  source: { kind: "platform", ref: "f" },
} as const;
const album = (at: number) =>
  sampleEntry({
    acceptedAt: at,
    notBefore: at,
    body: sampleBody({ text: "", attachments: [photo], album: "g" }),
  });
const said = (text: string, at: number, change = {}) =>
  sampleEntry({ acceptedAt: at, notBefore: at, body: sampleBody({ text }), ...change });

test("nothing waits: nothing runs", () => {
  assert.deepEqual(nextBundle([], 0, "queue"), { kind: "none" });
});

test("a short text runs at once", () => {
  const entry = said("hi", 1000);
  assert.deepEqual(nextBundle([entry], 1000, "queue"), { kind: "run", entries: [entry] });
});

test("an album of ten waits for its last picture, then is one turn", () => {
  const pictures = Array.from({ length: 10 }, (_, i) => album(1000 + i * 100));
  assert.deepEqual(nextBundle(pictures, 1900, "queue"), { kind: "wait", until: 1900 + BUNDLE_WINDOWS.album });
  const run = nextBundle(pictures, 2900, "queue");
  assert.equal(run.kind === "run" && run.entries.length, 10);
});

test("a paste that the sender's app has cut is one turn", () => {
  const parts = [said("x".repeat(4096), 1000), said("x".repeat(4096), 1100), said("end", 1200)];
  assert.equal(nextBundle(parts.slice(0, 1), 1000, "queue").kind, "wait");
  const run = nextBundle(parts, 1200, "queue");
  assert.equal(run.kind === "run" && run.entries.length, 3);
});

test("a picture waits two seconds for its comment", () => {
  const picture = sampleEntry({ body: sampleBody({ text: "", attachments: [photo] }) });
  assert.deepEqual(nextBundle([picture], 1000, "queue"), { kind: "wait", until: 3000 });
  const run = nextBundle([picture, said("what is this?", 2500)], 2500, "queue");
  assert.equal(run.kind === "run" && run.entries.length, 2);
  const late = nextBundle([picture, said("another thing", 9000)], 9000, "queue");
  assert.equal(late.kind === "run" && late.entries.length, 1);
});

test("an album that a restart cut in two is still one turn", () => {
  const life = (age: number, receiving: number | null) => ({ since: 50_000, age, receiving });
  const before = Array.from({ length: 5 }, () => album(1000));
  const soon = nextBundle(before, 50_100, "queue", life(100, null));
  assert.ok(soon.kind === "wait" && soon.until <= 50_400, "its channel hasn't received yet");
  assert.deepEqual(nextBundle(before, 50_600, "queue", life(600, 100)), { kind: "wait", until: 51_500 });
  const rest = Array.from({ length: 5 }, () => album(50_600));
  const run = nextBundle([...before, ...rest], 51_600, "queue", life(1600, 1100));
  assert.equal(run.kind === "run" && run.entries.length, 10);
  assert.equal(nextBundle(before, 60_000, "queue", life(10_000, null)).kind, "run", "a channel that is down");
  assert.equal(nextBundle(before, 9000, "queue", life(10_000, null)).kind, "run", "the clock was set back");
});

test("a paste and a comment that a restart cut off still belong together, by when they were said", () => {
  const life = { since: 50_000, age: 5000, receiving: 4500 };
  const at = (sentAt: number, acceptedAt: number, text: string, files = 0) =>
    sampleEntry({
      acceptedAt,
      notBefore: acceptedAt,
      body: sampleBody({ text, sentAt, attachments: files === 0 ? [] : [photo] }),
    });
  const count = (...entries: Parameters<typeof nextBundle>[0]): number | false => {
    const run = nextBundle(entries, 55_000, "queue", life);
    return run.kind === "run" && run.entries.length;
  };
  const long = "x".repeat(4096);
  assert.equal(count(at(1000, 1000, long), at(2000, 50_600, "the end")), 2);
  assert.equal(count(at(1000, 1000, "", 1), at(3000, 50_600, "what is this?")), 2);
  assert.equal(count(at(1000, 1000, long), at(30_000, 50_600, "something else")), 1);
});

test("a wall clock that is set back never makes a message wait for longer than it may", () => {
  const day = 24 * 3600 * 1000;
  const old = said("hi", 1000, { notBefore: 10 * day });
  assert.equal(nextBundle([old], 9 * day, "queue").kind, "run");
});

test("two people's pieces are never one paste", () => {
  const run = nextBundle(
    [said("x".repeat(4096), 1000), said("y", 1100, { sender: { id: "8", name: "Bea" } })],
    1100,
    "queue",
  );
  assert.equal(run.kind === "run" && run.entries.length, 1);
});

test("what came in mid-turn is collected from chats, never from the API", () => {
  const chat = [said("one", 1000), said("two", 5000), said("three", 9000)];
  const collected = nextBundle(chat, 9000, "collect");
  assert.equal(collected.kind === "run" && collected.entries.length, 3);
  const api = chat.map((entry) => ({ ...entry, role: "operator" as const }));
  const first = nextBundle(api, 9000, "collect");
  assert.equal(first.kind === "run" && first.entries.length, 1);
});

test("a turn that is tried again keeps exactly its entries", () => {
  const turn = "t_9" as TurnId;
  const again = [said("one", 1000, { turn }), said("two", 1001, { turn }), said("new", 2000)];
  const run = nextBundle(again, 5000, "collect");
  assert.deepEqual(run.kind === "run" && run.entries.map(({ body }) => body.text), ["one", "two"]);
  const backoff = again.map((entry) => ({ ...entry, notBefore: 7000 }));
  assert.deepEqual(nextBundle(backoff, 5000, "collect"), { kind: "wait", until: 7000 });
});

test("a wall clock that jumps back freezes no lane", () => {
  assert.equal(nextBundle([album(100_000)], 5_000, "queue").kind, "run");
});

test("the first message is always in the bundle, the order is kept, and nothing waits longer than a window", () => {
  const shape = fc.record({
    text: fc.constantFrom("", "a", "x".repeat(4096)),
    gap: fc.nat(4000),
    file: fc.boolean(),
    album: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(shape, { minLength: 1, maxLength: 60 }),
      fc.constantFrom("collect", "queue"),
      fc.nat(5000),
      (shapes, midTurn, later) => {
        let at = 1000;
        const entries = shapes.map(({ text, gap, file, album: inAlbum }) => {
          at += gap;
          return said(text, at, {
            body: sampleBody({ text, attachments: file ? [photo] : [], ...(inAlbum && { album: "g" }) }),
          });
        });
        const bundle = nextBundle(entries, at + later, midTurn);
        if (bundle.kind === "wait") assert.ok(bundle.until <= at + 2000);
        else
          assert.ok(
            bundle.kind === "run" &&
              bundle.entries.every((entry, i) => entry === entries[i]) &&
              bundle.entries.length <= 50,
          );
      },
    ),
  );
});
