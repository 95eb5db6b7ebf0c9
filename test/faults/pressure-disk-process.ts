// Runs inside of a small file system of its own (see pressure.test.ts): the real program, its disk almost full.
import assert from "node:assert/strict";
import { appendFileSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { makeHome, startGateway } from "../gateway/program.ts";
import { answeredOn, eventually, storedBy, telegramHome } from "./telegram-stage.ts";

const [dir = ""] = process.argv.slice(2);
const ballast = join(dir, "ballast");
/** Of the disk's 24 MiB, 5 % are kept. */
const LEFT = 700 * 1024;

const free = (): number => {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
};

test("a disk that is almost full", async (t) => {
  const home = makeHome(t);
  const telegram = await telegramHome(t, home, {
    harnesses: { echo: { delay: "400ms" } },
  });
  const gateway = await startGateway(t, home);
  telegram.say("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen");
  await gateway.logged("turn.started");
  while (free() > LEFT) appendFileSync(ballast, Buffer.alloc(64 * 1024));
  const low = performance.now();
  const closed = await gateway.logged("intake.closed");
  const seconds = (performance.now() - low) / 1000;
  assert.equal(closed["code"], "disk-low");
  assert.ok(seconds <= 6, `${seconds} s`);
  const refused = await gateway.api("/api/v1/messages", { body: { text: "not now" } });
  assert.deepEqual([refused.status, refused.json["code"]], [503, "disk-low"]);
  await eventually(() => (answeredOn(telegram).length === 1 ? true : undefined), "what was in work");
  for (let i = 0; i < 20; i++) telegram.say(`kept ${i}`);
  assert.equal((await storedBy(gateway)).length, 1);
  rmSync(ballast);
  const freed = performance.now();
  await gateway.logged("intake.opened");
  const opened = (performance.now() - freed) / 1000;
  await eventually(
    () => (answeredOn(telegram).join("\n").includes("kept 19") ? true : undefined),
    "the answers to what the platform had kept",
  );
  const stored = await storedBy(gateway);
  t.diagnostic(
    `disk low: shut after ${seconds.toFixed(1)} s with ${Math.round(LEFT / 1024)} KiB left, open ${opened.toFixed(1)} s after there was room, lost ${21 - stored.length}`,
  );
  assert.equal(stored.length, 21);
  assert.equal(gateway.lines.filter(({ event }) => event === "store.unavailable").length, 0);
  await gateway.stop();
});
