import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TurnId } from "../../src/core/ids.ts";
import { buildEnvelope, ENVELOPE_END, type EnvelopeInput } from "../../src/sessions/envelope.ts";
import { sampleBody, sampleEntry } from "../fakes/samples.ts";

const turn = "t_1" as TurnId;
const envelope = (entry: Parameters<typeof sampleEntry>[0], change: Partial<EnvelopeInput> = {}) =>
  buildEnvelope({
    turn,
    entries: [{ entry: sampleEntry(entry), files: [] }],
    missed: [],
    interrupted: false,
    ...change,
  });

test("the head names sender, chat and time; the user's own words come last", () => {
  const text = envelope({ body: sampleBody({ text: "what now?", sentAt: Date.UTC(2026, 0, 2, 3, 4) }) });
  const [head = "", words] = text.split(`\n${ENVELOPE_END}\n`);
  assert.match(
    head,
    /^\[rollcall t_1\]\nfrom: Ada \(id 100, paired\)\nchat: direct telegram\/default\/100\ntime: 2026-01-0\d \d\d:\d\d [+-]\d\d:\d\d$/,
  );
  assert.equal(words, "what now?");
});

test("quoted text, forward origin, files and a voice note's words are passed on", () => {
  const entry = sampleEntry({
    body: sampleBody({ quoted: { author: "Bea", text: "that one" }, forwardedFrom: "News" }),
  });
  const files = [
    { kind: "voice", name: "v.ogg", mime: "audio/ogg", path: "/a/v.ogg", transcript: "call me" },
    { kind: "document", name: "b.pdf", mime: "application/pdf", path: null, problem: "it is too large" },
  ] as const;
  const text = buildEnvelope({ turn, entries: [{ entry, files }], missed: [], interrupted: false });
  for (const line of [
    "answers to: Bea: that one",
    "forwarded from: News",
    "voice: v.ogg (audio/ogg) /a/v.ogg",
    "voice note says: call me",
    "document: b.pdf (application/pdf) not available (it is too large)",
  ]) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
});

test("several senders in one turn are told apart", () => {
  const entries = [
    sampleEntry({ body: sampleBody({ text: "one" }) }),
    sampleEntry({ sender: { id: "8", name: "Bea" }, body: sampleBody({ text: "two" }) }),
  ];
  const text = buildEnvelope({
    turn,
    entries: entries.map((entry) => ({ entry, files: [] })),
    missed: [],
    interrupted: false,
  });
  assert.ok(text.endsWith(`${ENVELOPE_END}\nAda: one\n\nBea: two`));
});

test("an interrupted turn says so, and still ends with the user's own words", () => {
  const text = envelope(
    { body: sampleBody({ text: "deploy it" }) },
    { interrupted: "here", missed: [{ text: "hi", reply: "hello" }] },
  );
  assert.match(text, /\ninterrupted: /);
  assert.match(text, /\nearlier message: hi\nearlier answer: hello\n/);
  assert.ok(text.endsWith("\ndeploy it"));
});

test("nothing from outside adds a line to the head", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, quote) => {
      const plain = envelope({}).split(`\n${ENVELOPE_END}\n`)[0]?.split("\n").length ?? 0;
      const text = envelope({
        sender: { id: "1", name },
        body: sampleBody({ quoted: { author: name, text: quote } }),
      });
      assert.equal(text.slice(0, text.indexOf(`\n${ENVELOPE_END}\n`)).split("\n").length, plain + 1);
    }),
  );
});
