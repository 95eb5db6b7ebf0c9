import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createPace, PACE, type PaceKind } from "../../src/channels/telegram/pace.ts";
import { createPaceLimits, PLATFORM_LIMITS } from "../fakes/telegram/pace-limits.ts";

describe("pace", () => {
  it("adds nothing to a first message, and a second's wait to a flood", () => {
    const pace = createPace();
    const waits = [0, 0, 0, 0].map(() => pace.take("1", "send", 0));
    assert.deepEqual(waits, [0, 0, 0, 1000]);
    assert.equal(pace.take("1", "send", 1000), 0);
    assert.equal(pace.take("2", "send", 1000), 0);
  });

  it("leaves room for an answer whatever edits are asked for", () => {
    const pace = createPace();
    for (let now = 0; now < 200_000; now += 100) {
      pace.take("-5", "extra", now);
      if (now % 20_000 === 19_900) assert.equal(pace.take("-5", "send", now), 0, `at ${now}`);
    }
  });

  it("keeps a group below twenty a minute", () => {
    const pace = createPace();
    let sent = 0;
    for (let now = 0; now < 60_000; now += 1000) if (pace.take("-5", "send", now) === 0) sent++;
    assert.equal(sent, 20);
    assert.equal(pace.take("-5", "send", 60_000), 0);
  });

  it("keeps a chat quiet as long as the platform asks for", () => {
    const pace = createPace();
    assert.equal(pace.refused("1", 30_000, 0), "chat");
    assert.equal(pace.take("1", "send", 29_000), 1000);
    assert.equal(pace.take("2", "send", 29_000), 0);
    assert.equal(pace.take("1", "send", 30_000), 0);
  });

  it("keeps the whole account quiet when many chats are refused at once", () => {
    const pace = createPace();
    const scopes = ["1", "2", "3"].map((chat) => pace.refused(chat, 5000, 0));
    assert.deepEqual(scopes, ["chat", "chat", "account"]);
    assert.equal(pace.take("4", "send", 1000), 4000);
    assert.equal(pace.refused("1", 1000, PACE.storm.within + 1), "chat");
  });

  it("remembers a bounded number of chats, those that are quiet by order first", () => {
    const pace = createPace();
    pace.refused("held", 10_000_000, 0);
    for (let i = 0; i < PACE.chats * 2; i++) pace.take(`c${i}`, "send", i * 100);
    assert.ok(pace.take("held", "send", 1000) > 0);
  });

  it("never goes beyond the platform's limits, whatever is asked for", () => {
    const ask = fc.record({
      chat: fc.constantFrom(1, 2, 3, -1, -2),
      kind: fc.constantFrom<PaceKind>("send", "extra"),
      after: fc.nat({ max: 700 }),
    });
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 400 }), (asks) => {
        const pace = createPace();
        let now = 0;
        const platform = createPaceLimits(PLATFORM_LIMITS, () => now);
        for (const { chat, kind, after } of asks) {
          now += after;
          if (pace.take(String(chat), kind, now) === 0) platform(chat);
        }
      }),
      { numRuns: 300 },
    );
  });
});
