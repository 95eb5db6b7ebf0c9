// What of the lanes is looked at before the watchdog is fed: what is stuck, and never what only takes long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { overdue } from "../../src/health/overdue.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { hang } from "../fakes/script-harness.ts";

const stuck = (rig: Rig): readonly string[] =>
  overdue(rig.pipeline.lanes.pulses(), rig.clock.monotonic()).map(({ what }) => what);

test("a turn that runs is bounded by its own deadlines, however long it takes", async () => {
  const rig = await createRig({
    agents: [
      { turn: { firstEvent: 600 * MINUTE, idle: 600 * MINUTE, toolIdle: 600 * MINUTE, total: 600 * MINUTE } },
    ],
  });
  rig.harness("echo").script = hang;
  await rig.say("hello");
  await rig.run(30 * MINUTE);
  assert.equal(rig.pipeline.lanes.running(), 1);
  assert.deepEqual(stuck(rig), []);
  await rig.stop();
});

test("a lane that waits for nobody's turn, but for a write that never ends, is stuck after a minute", async () => {
  const rig = await createRig();
  Object.assign(rig.store, { waiting: () => new Promise(() => {}) });
  await rig.say("hello");
  await rig.run(59 * SECOND);
  assert.deepEqual(stuck(rig), []);
  await rig.run(2 * SECOND);
  assert.equal(stuck(rig).length, 1);
  assert.match(stuck(rig)[0] ?? "", /^lane agent:/);
});

test("an idle gateway, and one whose agent can't be served, have nothing that is overdue", async () => {
  const rig = await createRig();
  await rig.run(10 * MINUTE);
  assert.deepEqual(rig.pipeline.lanes.pulses(), []);
  rig.harness("echo").probes = { class: "structural", code: "harness-login", detail: "logged out" };
  await rig.run(10 * MINUTE);
  await rig.say("hello");
  await rig.run(10 * MINUTE);
  assert.deepEqual(stuck(rig), []);
  await rig.stop();
});
