import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  encodePart,
  formatAddress,
  matchesAddress,
  parseAddress,
  sameAddress,
  type Address,
} from "../../../src/core/address.ts";

const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const address: fc.Arbitrary<Address> = fc.record(
  { channel: part, account: part, conversation: part, thread: part },
  { requiredKeys: ["channel", "account", "conversation"] },
);

test("an address reads back as it was written", () => {
  fc.assert(
    fc.property(address, (a) => {
      assert.deepEqual(parseAddress(formatAddress(a)), { ...a });
      assert.ok(sameAddress(a, { ...a }));
    }),
  );
});

test("no part can forge a separator of addresses or session keys", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(encodePart(text), /[/:\s]/);
    }),
  );
});

test("different places have different texts", () => {
  fc.assert(
    fc.property(address, part, (a, more) => {
      assert.ok(!sameAddress(a, { ...a, account: a.account + more }));
      assert.ok(!sameAddress(a, { ...a, thread: (a.thread ?? "") + more }));
    }),
  );
  assert.equal(
    formatAddress({ channel: "telegram", account: "default", conversation: "-100/7" }),
    "telegram/default/-100%2F7",
  );
});

test("what is no address reads as none, and never throws", () => {
  for (const text of ["", "a", "a/b", "a//c", "a/b/c/", "a/b/c/d/e", "%/b/c", "a/%zz/c"]) {
    assert.equal(parseAddress(text), undefined, text);
  }
  fc.assert(fc.property(fc.string(), (text) => void parseAddress(text)));
});

test("a pattern covers its place, every thread of it, and nothing beside it", () => {
  fc.assert(
    fc.property(address, part, (a, thread) => {
      const { channel, account, conversation } = a;
      const whole = formatAddress({ channel, account, conversation });
      assert.ok(matchesAddress(whole, a));
      assert.ok(matchesAddress(whole, { ...a, thread }));
      assert.ok(matchesAddress(`${encodePart(channel)}/${encodePart(account)}/*`, a));
      assert.ok(!matchesAddress(whole, { ...a, conversation: `${conversation}x` }));
    }),
  );
  const chat = { channel: "telegram", account: "default", conversation: "7" };
  assert.ok(!matchesAddress("telegram/work/*", chat));
  assert.ok(!matchesAddress("telegram/default/7/3", chat));
  assert.ok(!matchesAddress("telegram/default/7/3/*", { ...chat, thread: "3" }));
});

test("an id that is a star is no wildcard of somebody's making", () => {
  const star = { channel: "telegram", account: "default", conversation: "*" };
  assert.ok(matchesAddress(formatAddress(star).replace("*", "%2A"), star));
  assert.ok(!matchesAddress("telegram/default/%2A", { ...star, conversation: "7" }));
});
