import assert from "node:assert/strict";
import { test } from "node:test";
import { planStop } from "../../src/boot/stop-plan.ts";
import { SECOND } from "../../src/core/time.ts";
import { drain, stopWithin } from "../../src/gateway/drain.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, type LogLine } from "../fakes/quiet.ts";
import { makeHome, runProgram } from "./program.ts";

test("turns that don't stop when they are told to are left to the next start", async () => {
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const plan = planStop(10 * SECOND, null);
  let graceGiven = 0;
  let flushed: number | null = null;
  const done = drain({
    plan,
    clock,
    log: keepLog(lines),
    lanes: { running: () => 3, drain: (grace) => ((graceGiven = grace), new Promise(() => {})) },
    outbox: { drain: async () => void (flushed = clock.monotonic()) },
  });
  await clock.advance(plan.grace + plan.abandon - 1);
  assert.equal(flushed, null);
  await clock.advance(1);
  await done;
  assert.equal(graceGiven, 10 * SECOND);
  assert.equal(flushed, plan.grace + plan.abandon, "replies of the others still go out");
  const abandoned = lines.find(({ event }) => event === "turns.abandoned");
  assert.equal(abandoned?.fields["running"], 3);
  assert.equal(clock.pending, 0);
});

test("a stop with nothing to wait for leaves no timer", async () => {
  const clock = createFakeClock();
  await drain({
    plan: planStop(10 * SECOND, null),
    clock,
    log: keepLog(),
    lanes: { running: () => 0, drain: async () => {} },
    outbox: { drain: async () => {} },
  });
  assert.equal(clock.pending, 0);
});

test("the supervisor's patience is a duration, or the start says so", async (t) => {
  assert.equal(stopWithin({}), null);
  assert.equal(stopWithin({ ROLLCALL_STOP_WITHIN: "45s" }), 45 * SECOND);
  for (const text of ["soon", "0s", "45"])
    assert.throws(() => stopWithin({ ROLLCALL_STOP_WITHIN: text }), /ROLLCALL_STOP_WITHIN/);
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  const program = runProgram(t, home, "start", {
    args: ["--port", "0"],
    env: { ROLLCALL_STOP_WITHIN: "soon" },
  });
  assert.equal((await program.exited).code, 78);
  assert.match(program.stderr(), /ROLLCALL_STOP_WITHIN: expected a duration/);
});
