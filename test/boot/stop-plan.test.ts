import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CLOSE_MARGIN, planStop, STOP_BUDGET, STOP_REST, UNDO } from "../../src/boot/stop-plan.ts";
import { SECOND } from "../../src/core/time.ts";

const span = fc.integer({ min: 0, max: 3600 * SECOND });

test("a stop never takes longer than the supervisor gives, and never more grace than is configured", () => {
  fc.assert(
    fc.property(span, fc.option(fc.integer({ min: 1, max: 3600 * SECOND })), (grace, within) => {
      const { total, ...parts } = planStop(grace, within);
      const sum = Object.values(parts).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - total) < 1e-6, "the parts are the whole");
      assert.ok(total <= (within ?? Infinity));
      assert.ok(parts.grace <= grace);
      assert.ok(Object.values(parts).every((part) => part >= 0));
    }),
  );
});

test("the grace is cut first; the rest keeps its time while there is enough for it", () => {
  assert.equal(planStop(25 * SECOND, null).grace, 25 * SECOND);
  assert.equal(planStop(25 * SECOND, 60 * SECOND).grace, 25 * SECOND);
  assert.deepEqual(planStop(25 * SECOND, 30 * SECOND), {
    ...STOP_BUDGET,
    grace: 30 * SECOND - STOP_REST,
    total: 30 * SECOND,
  });
  const short = planStop(25 * SECOND, 2 * SECOND);
  assert.equal(short.grace, 0);
  assert.ok(short.teardown > short.flush && short.exit > 0);
});

test("what closing each part may take fits into the time for closing all", () => {
  const steps = 7 * UNDO.step;
  assert.ok(UNDO.store + UNDO.harnesses + UNDO.channels + UNDO.http + steps <= STOP_BUDGET.teardown);
  assert.ok(UNDO.harnesses > CLOSE_MARGIN);
});
