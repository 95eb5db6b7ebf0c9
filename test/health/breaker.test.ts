import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import {
  BREAKER,
  NEW_BREAKER,
  stepBreaker,
  type Breaker,
  type BreakerEvent,
} from "../../src/health/breaker.ts";

const closed: Breaker = { ...NEW_BREAKER, state: "closed", proven: true };
const definite: BreakerEvent = { kind: "fault", definite: true };
const soft: BreakerEvent = { kind: "fault", definite: false };

/** Steps through events, a second apart. */
function walk(breaker: Breaker, events: readonly BreakerEvent[], from = 0, apart: number = SECOND): Breaker {
  return events.reduce((at, event, i) => stepBreaker(at, event, from + i * apart).breaker, breaker);
}

test("a definite fault opens it at once, others when three come within half a minute", () => {
  assert.equal(walk(closed, [definite]).state, "open");
  assert.equal(walk(closed, [soft, soft]).state, "closed");
  assert.equal(walk(closed, [soft, soft, soft]).state, "open");
  assert.equal(walk(closed, [soft, soft, soft], 0, 16 * SECOND).state, "closed");
  assert.equal(walk(closed, [soft, soft, { kind: "turn" }, soft]).state, "closed");
});

test("a probe closes or opens it again, and each failure makes the next one later", () => {
  const open = walk(closed, [definite]);
  const half = walk(open, [{ kind: "probing" }]);
  assert.equal(half.state, "half-open");
  assert.equal(walk(half, [{ kind: "proved" }]).state, "closed");
  const again = walk(half, [{ kind: "unproved" }]);
  assert.equal(again.state, "open");
  assert.equal(again.tries, open.tries + 1);
  assert.equal(walk(again, [{ kind: "turn" }]).tries, 0);
});

test("the first proof heals nothing", () => {
  const first = stepBreaker(NEW_BREAKER, { kind: "proved" }, 0).breaker;
  assert.equal(first.state, "closed");
  assert.deepEqual(first.heals, []);
});

/** Fails and heals once a second. */
function flap(times: number, from = 0): { breaker: Breaker; pages: number } {
  let breaker = closed;
  let pages = 0;
  for (let i = 0; i < times; i++) {
    breaker = stepBreaker(breaker, definite, from + i * SECOND).breaker;
    const step = stepBreaker(breaker, { kind: "proved" }, from + i * SECOND + 1);
    breaker = step.breaker;
    if (step.page) pages += 1;
  }
  return { breaker, pages };
}

test("the sixth heal in ten minutes isn't believed: it stays open and somebody is paged once", () => {
  assert.equal(flap(BREAKER.heals.count).breaker.state, "closed");
  const { breaker, pages } = flap(BREAKER.heals.count + 1);
  assert.equal(breaker.state, "open");
  assert.equal(pages, 1);
  const proved: BreakerEvent = { kind: "proved" };
  assert.equal(stepBreaker(breaker, proved, 5 * MINUTE).breaker.state, "open");
  const fault = stepBreaker(breaker, definite, 9 * MINUTE).breaker;
  assert.equal(
    stepBreaker(fault, proved, 12 * MINUTE).breaker.state,
    "open",
    "each fault begins the time anew",
  );
  assert.equal(stepBreaker(fault, proved, 20 * MINUTE).breaker.state, "closed");
});

test("a person ends the wait of one that flaps", () => {
  const { breaker } = flap(BREAKER.heals.count + 1);
  assert.equal(walk(breaker, [{ kind: "reset" }, { kind: "proved" }], 10 * SECOND).state, "closed");
});

const events = fc.constantFrom<BreakerEvent>(
  definite,
  soft,
  { kind: "probing" },
  { kind: "proved" },
  { kind: "unproved" },
  { kind: "turn" },
);

test("whatever happens: never more than five heals are believed in ten minutes, and a fault never closes", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(events, fc.integer({ min: 0, max: 60 })), { maxLength: 200 }), (list) => {
      let breaker = NEW_BREAKER;
      let now = 0;
      const heals: number[] = [];
      for (const [event, seconds] of list) {
        now += seconds * SECOND;
        const before = breaker;
        breaker = stepBreaker(before, event, now).breaker;
        const closes = before.state !== "closed" && breaker.state === "closed";
        if (closes) assert.ok(event.kind === "proved" || event.kind === "turn");
        if (closes && event.kind === "proved" && before.proven && before.latched === null) heals.push(now);
        const recent = heals.filter((at) => now - at <= BREAKER.heals.within);
        assert.ok(recent.length <= BREAKER.heals.count, `${recent.length} heals`);
        assert.ok(breaker.heals.length <= BREAKER.heals.count && breaker.soft.length < BREAKER.soft.count);
        if (event.kind === "fault" && event.definite) assert.equal(breaker.state, "open");
      }
    }),
  );
});
