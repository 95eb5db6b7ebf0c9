import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DELIVERY_STEPS, type DeliveryKind } from "../../src/core/delivery.ts";
import { BACKOFF, LIMITS } from "../../src/core/limits.ts";
import { HOUR } from "../../src/core/time.ts";
import { mannerOf, settlementOf } from "../../src/outbox/classify.ts";
import type { ChannelCapabilities, SendOutcome } from "../../src/ports/channel.ts";
import { deliveryOf } from "../contracts/channel-suite.ts";

const place = { channel: "telegram", account: "default", conversation: "1" };
const outcomes = fc.oneof(
  fc.constant<SendOutcome>({ kind: "sent", platformId: "p1" }),
  fc.constant<SendOutcome>({ kind: "not-sent", detail: "x" }),
  fc.constant<SendOutcome>({ kind: "refused", detail: "x" }),
  fc.constant<SendOutcome>({ kind: "in-doubt", detail: "x" }),
  fc.nat({ max: HOUR }).map((after): SendOutcome => ({ kind: "wait", after, scope: "chat" })),
);
const tries = fc.record({
  kind: fc.constantFrom<DeliveryKind>("reply", "progress", "notice", "alert", "command"),
  attempts: fc.integer({ min: 1, max: 100_000 }),
  doubts: fc.nat({ max: 20 }),
});
const rules = fc.constantFrom<ChannelCapabilities["inDoubt"]>("repeat", "edit", "read-back", "nonce");

describe("what becomes of a try", () => {
  it("only what is refused, or in doubt too often, or a live view, dies", () => {
    fc.assert(
      fc.property(
        tries,
        outcomes,
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (made, outcome, now, random) => {
          // prettier-ignore
          const delivery = deliveryOf(place, { text: "", format: "plain" }, { ...made, inDoubt: made.doubts > 0 });
          const to = settlementOf(delivery, outcome, now, random);
          assert.ok(DELIVERY_STEPS.sending.includes(to.state));
          const doubted = outcome.kind === "in-doubt" && made.doubts + 1 >= LIMITS.deliveryAttempts;
          const view =
            made.kind === "progress" && (outcome.kind === "in-doubt" || outcome.kind === "not-sent");
          assert.equal(to.state === "dead", outcome.kind === "refused" || doubted || view);
          assert.equal(to.state === "sent", outcome.kind === "sent");
          if (!("notBefore" in to)) return;
          const delay = to.notBefore - now;
          if (outcome.kind === "wait") assert.equal(delay, outcome.after);
          else assert.ok(delay > 0 && delay <= BACKOFF.delivery.max);
        },
      ),
    );
  });
});

describe("how a delivery is tried again", () => {
  it("a first try, or one after what surely didn't arrive, is plain everywhere", () => {
    fc.assert(
      fc.property(rules, fc.boolean(), fc.nat(), (inDoubt, known, age) =>
        assert.equal(mannerOf({ inDoubt: false }, { inDoubt }, known, age), "plain"),
      ),
    );
  });

  it("a repeat without a mark needs a key, a look, or a message that is known, while the platform remembers", () => {
    fc.assert(
      fc.property(rules, fc.boolean(), fc.nat(), fc.option(fc.nat()), (inDoubt, known, age, remembers) => {
        const able = { inDoubt, ...(remembers !== null && { remembers }) };
        const manner = mannerOf({ inDoubt: true }, able, known, age);
        const forgotten = remembers !== null && age >= remembers;
        const expected = {
          repeat: "marked",
          edit: known ? "plain" : "marked",
          nonce: forgotten ? "marked" : "plain",
          "read-back": forgotten ? "marked" : "look-first",
        } as const;
        assert.equal(manner, expected[inDoubt]);
      }),
    );
  });
});
