// A point that nothing leads to would prove nothing: every one of them is passed by a gateway that works and one that
// recovers.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatFailpoint, parseFailpoint, PASSED, POINTS } from "./points.ts";
import { configure, eventually, setStage } from "./stage.ts";

const PEOPLE = [401, 402, 403, 404];

test("every failpoint is passed", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-points-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "passed");
  const stage = await setStage(t, { [PASSED]: file });
  const [slow = 0, failing, commanding, hanging = 0] = PEOPLE;
  const first = await stage.start();
  assert.match(first.stderr(), /FAILPOINTS ARE ON/);
  stage.telegram.say(`fake:slow=200 ${"word ".repeat(20)}`, { from: slow });
  stage.telegram.say("fake:once fake:error=500", { from: Number(failing) });
  stage.telegram.say("/whoami", { from: Number(commanding) });
  configure(stage.home, stage.telegram, 1);
  const reload = await first.api("/api/v1/reload", { body: {} });
  assert.equal(reload.status, 200, JSON.stringify(reload.json));
  await first.loggedTimes("message.done", 3);
  stage.telegram.say("fake:once fake:work=60000", { from: hanging });
  await eventually(() => stage.claude.prompts().some(({ text }) => text.includes("work=60000")), "a turn");
  await first.kill();
  const second = await stage.start();
  await second.logged("message.done");
  assert.equal(await second.stop(), 0);
  const passed = new Set(readFileSync(file, "utf8").trim().split("\n"));
  assert.deepEqual(
    POINTS.filter((point) => !passed.has(point)),
    [],
    "not passed",
  );
  t.diagnostic(`${POINTS.length} failpoints, all of them passed`);
});

test("a failpoint is written as point and times", () => {
  for (const point of POINTS)
    assert.deepEqual(parseFailpoint(formatFailpoint({ point, times: 3 })), { point, times: 3 });
  assert.deepEqual(parseFailpoint("store.claim:after"), { point: "store.claim:after", times: 1 });
  for (const wrong of ["", "store.claim", "store.claim:later", "store.claim:after:x"])
    assert.equal(parseFailpoint(wrong), undefined, wrong);
});
