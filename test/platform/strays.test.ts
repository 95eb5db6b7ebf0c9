// Processes that an earlier run left and nobody recorded are found by the marker of their owner, and nobody else's are.
import assert from "node:assert/strict";
import os from "node:os";
import process from "node:process";
import { test } from "node:test";
import { systemClock } from "../../src/platform/clock.ts";
import { createProcesses } from "../../src/platform/processes.ts";
import { canScan, startTimeOf } from "../../src/platform/process-tree.ts";
import { systemRandom } from "../../src/platform/random.ts";
import type { Child } from "../../src/ports/process.ts";
import { silentLog } from "../fakes/silent-log.ts";

const skip = canScan ? false : "looks into /proc, which this system doesn't have";

const run = (owner?: string) =>
  createProcesses({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    ...(owner !== undefined && { owner }),
  });
const sleeper = (processes: ReturnType<typeof run>): Promise<Child> =>
  processes.spawn({
    command: "sleep",
    args: ["600"],
    cwd: os.tmpdir(),
    env: { PATH: process.env["PATH"] ?? "" },
  });
const lives = ({ custody }: Child): boolean => startTimeOf(custody.pid) === custody.startTime;

test(
  "strays of the owner's earlier runs are ended; recorded ones, its own, and others' are left",
  { skip },
  async () => {
    const owner = systemRandom.uuid();
    const earlier = run(owner);
    const later = run(owner);
    const stray = await sleeper(earlier);
    const recorded = await sleeper(earlier);
    const own = await sleeper(later);
    const foreign = await sleeper(run(systemRandom.uuid()));
    const unowned = await sleeper(run());
    const reaped = await later.reapStrays?.([recorded.custody]);
    assert.deepEqual(reaped, { found: 1, survivors: 0 });
    assert.deepEqual([stray, recorded, own, foreign, unowned].map(lives), [false, true, true, true, true]);
    assert.deepEqual(await run().reapStrays?.([]), { found: 0, survivors: 0 });
    for (const child of [recorded, own, foreign, unowned]) await child.end(0);
  },
);

test("many recorded trees are looked at together, and each is ended", { skip }, async () => {
  const earlier = run(systemRandom.uuid());
  const children = await Promise.all(Array.from({ length: 10 }, () => sleeper(earlier)));
  const later = run();
  const ends = await Promise.all(children.map(({ custody }) => later.reap(custody)));
  assert.deepEqual(new Set(ends.map(({ survivors }) => survivors)), new Set([0]));
  assert.deepEqual(children.filter(lives), []);
});
