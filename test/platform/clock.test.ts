import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/platform/clock.ts";

test("a sleep ends with its signal, before and during, and leaves no listener", async () => {
  await systemClock.sleep(60_000, AbortSignal.abort());
  const stop = new AbortController();
  const slept = systemClock.sleep(60_000, stop.signal);
  stop.abort();
  await slept;
  await systemClock.sleep(1);
});

test("a timer fires once, and not after its cancellation", async () => {
  let fired = 0;
  const cancel = systemClock.timer(1, () => (fired += 1));
  cancel();
  await new Promise<void>((resolve) => systemClock.timer(2, resolve) && setTimeout(() => {}, 20));
  assert.equal(fired, 0);
});
