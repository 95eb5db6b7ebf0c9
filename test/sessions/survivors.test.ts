// Processes of an earlier gateway: ended before anything runs, and never run beside.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentConfig } from "../../src/core/config.ts";
import { HOUR, MINUTE } from "../../src/core/time.ts";
import type { Custody } from "../../src/core/turn.ts";
import { createRig } from "../fakes/core-rig.ts";
import { hang, wordsOf } from "../fakes/script-harness.ts";
import { next, prompts, summary, tells, type Next } from "./recovery-rig.ts";

const CUSTODY: Custody = { pid: 4711, startTime: "1", marker: "x" };

/** A gateway that is gone in mid-turn, whose harness's process is recorded. */
async function withProcess(agent: Partial<AgentConfig> = {}): Promise<Next> {
  const before = await createRig({ agents: [agent] });
  const harness = before.harness("echo");
  const open = harness.open.bind(harness);
  harness.open = async (spec, signal) => ({ ...(await open(spec, signal)), custody: CUSTODY });
  harness.script = hang;
  await before.say("deploy it");
  await before.run();
  const after = await next(before, agent);
  tells(after, { kind: "prompted", started: true });
  return after;
}

test("what an earlier gateway had spawned is ended before anything runs", async () => {
  const after = await withProcess();
  await after.recover();
  assert.deepEqual(after.reaped, [CUSTODY]);
  assert.equal(prompts(after).length, 1);
  await after.stop();
});

test("processes that can't be ended: nothing runs beside them, the sender is told, and it goes on once they are gone", async () => {
  const after = await withProcess();
  after.survivors = 2;
  assert.deepEqual(await after.recover(), summary({ survivors: 2 }));
  assert.deepEqual(after.recovery.state(), { recovering: 1, survivors: 2 });
  await after.say("and another thing");
  await after.run(5 * MINUTE);
  assert.deepEqual(prompts(after), []);
  assert.match(after.texts()[0] ?? "", /Your message is saved and will be answered.*\(i_/);
  assert.ok(after.log.some(({ event }) => event === "turn.survivors"));
  after.survivors = 0;
  await after.run(MINUTE);
  assert.deepEqual(prompts(after).map(wordsOf), ["deploy it", "and another thing"]);
  assert.deepEqual(after.recovery.state(), { recovering: 0, survivors: 0 });
  await after.stop();
});

test("processes that are never gone: what waits for them ends at the end of its hold, and is told", async () => {
  const after = await withProcess({ hold: { noticeAfter: 0, askAfter: HOUR, max: 2 * HOUR } });
  after.survivors = 1;
  await after.recover();
  await after.say("and another thing");
  await after.run(5 * HOUR);
  const messages = await after.store.messages({ limit: 5 });
  assert.deepEqual(
    messages.map(({ entry }) => entry.state),
    ["dead", "dead"],
  );
  assert.equal(after.texts().filter((text) => /was not answered/.test(text)).length, 2);
  assert.deepEqual(prompts(after), []);
  after.recovery.stop();
  await after.stop();
});
