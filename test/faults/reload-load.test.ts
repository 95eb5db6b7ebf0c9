// Many reloads under load. `node test/sweeps/reloads.ts --count 1000` does more of them.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { reloadUnderLoad } from "../sweeps/reload-load.ts";

const COUNT = Number(process.env["ROLLCALL_TEST_RELOADS"] ?? "150");

test(`${COUNT} reloads under load: no failed resolve, no false word about readiness, no mixed generation, no growth`, async (t) => {
  const begun = performance.now();
  const figures = await reloadUnderLoad(t, COUNT);
  const seconds = Math.round((performance.now() - begun) / 1000);
  t.diagnostic(`${JSON.stringify(figures)} in ${seconds} s`);
  assert.deepEqual(
    [
      figures.failedResolves,
      figures.wrongAnswers,
      figures.mixedGenerations,
      figures.falseReady,
      figures.falseNotReady,
    ],
    [0, 0, 0, 0, 0],
  );
  assert.ok(figures.looks > 50 && figures.messages > 50, "it was looked at, and there was load");
  assert.ok(figures.moreProcesses <= 4, "processes of replaced instances end");
  assert.ok(figures.moreDescriptors <= 20, "descriptors are given back");
  assert.ok(figures.rssGrowthMiB <= 64, "memory doesn't grow with reloads");
});
