import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIMITS } from "../../src/core/limits.ts";
import { SECOND } from "../../src/core/time.ts";
import { createPressure } from "../../src/inbox/pressure.ts";
import { decidePressure, type PressureFacts } from "../../src/inbox/pressure-rules.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog } from "../fakes/quiet.ts";

const GIB = 1024 ** 3;
const calm: PressureFacts = {
  waiting: 0,
  waitingBytes: 0,
  space: { free: 10 * GIB, total: 100 * GIB },
  descriptors: { open: 30, limit: 1024 },
  commit: 1,
};
const shutBy = (facts: Partial<PressureFacts>, closed: Parameters<typeof decidePressure>[1] = null) =>
  decidePressure({ ...calm, ...facts }, closed)?.code ?? null;

test("each thing that can run out shuts the intake at its bound, and not before", () => {
  assert.equal(shutBy({}), null);
  assert.equal(shutBy({ waiting: LIMITS.waitingOverall - 1 }), null);
  assert.equal(shutBy({ waiting: LIMITS.waitingOverall }), "intake-paused");
  assert.equal(shutBy({ waitingBytes: LIMITS.waitingBytes }), "intake-paused");
  assert.equal(shutBy({ space: { free: LIMITS.diskReserve, total: 100 * GIB } }), null);
  assert.equal(shutBy({ space: { free: LIMITS.diskReserve - 1, total: 100 * GIB } }), "disk-low");
  assert.equal(shutBy({ descriptors: { open: 961, limit: 1024 } }), "descriptors-low");
  assert.equal(shutBy({ commit: LIMITS.commitLatency + 1 }), "store-slow");
  assert.equal(shutBy({ commit: 500 }), null, "a slow disk is no reason");
});

test("a small disk and a small limit of descriptors aren't all reserve, and what isn't known is no reason", () => {
  assert.equal(shutBy({ space: { free: 100_000, total: 256 * 1024 } }), null);
  assert.equal(shutBy({ space: { free: 10_000, total: 256 * 1024 } }), "disk-low");
  assert.equal(shutBy({ descriptors: { open: 50, limit: 64 } }), null);
  assert.equal(shutBy({ descriptors: { open: 58, limit: 64 } }), "descriptors-low");
  assert.equal(shutBy({ space: null, descriptors: null, commit: null }), null);
});

test("what shut the intake must be better than its bound before it opens; something else at its bound doesn't wait", () => {
  const full = { waiting: LIMITS.waitingOverall - 1 };
  assert.equal(shutBy(full, "intake-paused"), "intake-paused");
  assert.equal(shutBy({ waiting: LIMITS.waitingOverall * 0.89 }, "intake-paused"), null);
  assert.equal(shutBy(full, "disk-low"), null);
  const fact = fc.record({
    waiting: fc.nat(2 * LIMITS.waitingOverall),
    waitingBytes: fc.nat(2 * LIMITS.waitingBytes),
    space: fc.option(fc.record({ free: fc.nat(GIB), total: fc.constant(GIB) })),
    descriptors: fc.option(fc.record({ open: fc.nat(1024), limit: fc.constant(1024) })),
    commit: fc.option(fc.nat(20 * SECOND)),
  });
  fc.assert(
    fc.property(fact, (facts) => {
      const first = decidePressure(facts, null);
      // What shuts an open intake keeps it shut, whatever it was shut by before.
      if (first !== null) assert.notEqual(decidePressure(facts, first.code), null);
    }),
  );
});

async function bench(change: { waiting?: number; bytes?: number; free?: number } = {}) {
  const clock = createFakeClock();
  const facts = { waiting: 0, bytes: 0, free: 10 * GIB, ...change };
  let counted = 0;
  const pressure = createPressure({
    clock,
    log: keepLog([]),
    machine: {
      space: async () => ({ free: facts.free, total: 100 * GIB }),
      descriptors: async () => null,
    },
    store: { waitingBytes: async () => ((counted += 1), facts.bytes) },
    waiting: () => facts.waiting,
    commit: () => null,
  });
  await pressure.start();
  return { clock, facts, pressure, counted: () => counted };
}

test("a disk that fills up is noticed within 5 s, and one that is freed within 1 s", async (t) => {
  const { clock, facts, pressure } = await bench();
  facts.free = 1024;
  await clock.advance(5 * SECOND);
  assert.equal(pressure.closed()?.code, "disk-low");
  const { since } = pressure.closed() ?? { since: -1 };
  await clock.advance(10 * SECOND);
  assert.equal(pressure.closed()?.since, since, "one beginning");
  facts.free = 10 * GIB;
  await clock.advance(SECOND);
  assert.equal(pressure.closed(), null);
  t.diagnostic("full disk: shut after at most 5 s, open again after at most 1 s");
  pressure.stop();
});

test("what was taken since the last count is part of what waits: no burst passes the bound", async () => {
  const { facts, pressure } = await bench({ waiting: LIMITS.waitingOverall - 10 });
  pressure.took(9, 0);
  assert.equal(pressure.closed(), null);
  pressure.took(1, 0);
  assert.equal(pressure.closed()?.code, "intake-paused");
  facts.waiting = 100;
  assert.equal(pressure.closed(), null);
  pressure.stop();
});

test("sizes are counted in the store only when they may matter", async () => {
  const { clock, facts, pressure, counted } = await bench();
  assert.equal(counted(), 0);
  pressure.took(1, LIMITS.waitingBytes * 0.4);
  await clock.advance(5 * SECOND);
  assert.equal(counted(), 0);
  facts.bytes = 1000;
  pressure.took(1, LIMITS.waitingBytes * 0.7);
  assert.equal(pressure.closed()?.code, "intake-paused");
  await clock.advance(5 * SECOND);
  assert.equal(pressure.closed(), null, "it had ended meanwhile");
  assert.equal(counted(), 1);
  pressure.stop();
});
