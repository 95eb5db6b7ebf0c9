import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import { createRig } from "../fakes/core-rig.ts";

const SENDERS = 20;
const hold = { noticeAfter: 5 * SECOND, askAfter: 30 * MINUTE, max: 24 * HOUR };
const place = (i: number) => ({
  address: { channel: "telegram", account: "default", conversation: `${i}` },
  sender: { id: `${i}`, name: "Ada" },
});

test("after a long outage every sender is asked, and nothing runs before the answer", async (t) => {
  const rig = await createRig({ agents: [{ hold }] });
  t.after(() => rig.stop());
  const echo = rig.harness("echo");
  echo.probes = { class: "structural", code: "harness-missing", detail: "gone" };
  await rig.run(3 * SECOND);
  for (let i = 0; i < SENDERS; i++) await rig.say(`old ${i}`, place(i));
  await rig.run(96 * MINUTE);
  for (let i = 0; i < SENDERS; i++) await rig.say(`young ${i}`, place(1000 + i));
  await rig.run(MINUTE);
  echo.probes = null;
  await rig.run(45 * SECOND);
  const stale = echo.prompts.filter(({ text }) => text.includes("old")).length;
  const young = echo.prompts.filter(({ text }) => text.includes("young")).length;
  assert.equal(stale, 0);
  assert.equal(young, SENDERS);
  const asked = rig.texts().filter((text) => text.includes("doesn't run without your word")).length;
  assert.equal(asked, SENDERS);
  for (let i = 0; i < SENDERS; i++) await rig.say(i % 2 === 0 ? "/run" : "/skip", place(i));
  await rig.run(MINUTE);
  assert.equal(echo.prompts.filter(({ text }) => text.includes("old")).length, SENDERS / 2);
  assert.equal((await rig.store.counts()).held, 0);
  t.diagnostic(
    `stale runs 0; asked ${asked} of ${SENDERS}; run ${SENDERS / 2} and dropped ${SENDERS / 2} as they said`,
  );
});

test("a wall clock that jumps a day, both ways, ends no hold before its time and keeps none beyond it", async (t) => {
  let wrong = 0;
  for (const jumps of [[DAY], [-DAY], [DAY, -DAY, -DAY, DAY], [-DAY, 2 * DAY]]) {
    const rig = await createRig({ agents: [{ hold: { ...hold, askAfter: 3 * HOUR, max: 2 * HOUR } }] });
    rig.harness("echo").probes = { class: "structural", code: "harness-missing", detail: "gone" };
    await rig.run(3 * SECOND);
    await rig.say("hello");
    for (const jump of jumps) {
      await rig.run(10 * MINUTE);
      rig.clock.jump(jump);
    }
    await rig.run(2 * HOUR - (jumps.length * 10 + 5) * MINUTE);
    if ((await rig.store.counts()).held !== 1) wrong += 1;
    await rig.run(10 * MINUTE);
    if ((await rig.store.counts()).dead !== 1) wrong += 1;
    await rig.stop();
  }
  assert.equal(wrong, 0);
  t.diagnostic(`expired wrongly ${wrong} of 8`);
});
