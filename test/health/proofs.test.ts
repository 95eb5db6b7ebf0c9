import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { below, dueLevel, levelOf, PERIODS, prove } from "../../src/health/proofs.ts";

test("a proof of a level proves those below it, and is forgotten when its time is over", () => {
  const proofs = prove({}, "L2", 0);
  assert.equal(levelOf(proofs, 0), "L2");
  assert.equal(levelOf(prove(proofs, "L3", 0), 0), "L3");
  assert.equal(levelOf(prove(proofs, "L3", 0), 2 * PERIODS.L3 + 1), null);
  assert.equal(levelOf({}, 0), null);
});

test("the turn's proof outlives the probes', and gives way to them", () => {
  const turn = prove({}, "L3", 0);
  const renewed = prove(turn, "L2", 2 * PERIODS.L3 + SECOND);
  assert.equal(levelOf(renewed, 2 * PERIODS.L3 + SECOND), "L2");
});

test("the file is looked at until the login is due", () => {
  const proofs = prove({}, "L2", 0);
  assert.equal(dueLevel(proofs, SECOND), "L0");
  assert.equal(dueLevel(proofs, 5 * MINUTE), "L2");
  assert.equal(dueLevel({}, 0), "L2");
  assert.equal(dueLevel({ ...proofs, L2: 5 * MINUTE }, 5 * MINUTE), "L1");
});

test("what failed at a level isn't proven any more, what lies below is", () => {
  assert.deepEqual(Object.keys(below(prove({}, "L3", 0), "L2")), ["L0", "L1"]);
  assert.deepEqual(below(prove({}, "L3", 0), "L0"), {});
});
