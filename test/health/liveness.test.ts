import assert from "node:assert/strict";
import { test } from "node:test";
import { SECOND } from "../../src/core/time.ts";
import { watchLiveness } from "../../src/health/liveness.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, noMetrics, type LogLine } from "../fakes/quiet.ts";

/** A clock whose timers are late by what the loop stood still. */
function stallingClock() {
  const clock = createFakeClock();
  let stood = 0;
  return {
    ...clock,
    monotonic: () => clock.monotonic() + stood,
    stall: (span: number) => void (stood += span),
  };
}

test("a loop that stood still for 5 s is shown for 30 s, from the first question on", async (t) => {
  for (const span of [5 * SECOND, 10 * SECOND]) {
    const clock = stallingClock();
    const lines: LogLine[] = [];
    const liveness = watchLiveness({ clock, log: keepLog(lines), metrics: noMetrics });
    await clock.advance(3.3 * SECOND);
    assert.equal(liveness.alive(), true);
    clock.stall(span);
    assert.equal(liveness.alive(), false, "asked before any timer fired");
    await clock.advance(29 * SECOND);
    assert.equal(liveness.alive(), false);
    await clock.advance(2 * SECOND);
    assert.equal(liveness.alive(), true);
    const stalled = lines.filter(({ event }) => event === "loop.stalled");
    assert.equal(stalled.length, 1);
    t.diagnostic(`a stall of ${span} ms was seen as ${String(stalled[0]?.fields["ms"])} ms`);
    liveness.stop();
  }
});

test("a loop that is busy, and turns, is alive", async () => {
  const clock = stallingClock();
  const liveness = watchLiveness({ clock, log: keepLog(), metrics: noMetrics });
  for (let i = 0; i < 20; i++) {
    clock.stall(4 * SECOND);
    await clock.advance(SECOND);
    assert.equal(liveness.alive(), true);
  }
  liveness.stop();
});
