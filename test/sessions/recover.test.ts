import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE } from "../../src/core/time.ts";
import { createIds } from "../../src/core/ids.ts";
import type { AgentConfig } from "../../src/core/config.ts";
import type { Custody } from "../../src/core/turn.ts";
import type { Processes } from "../../src/ports/process.ts";
import { recoverTurns } from "../../src/sessions/recover.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { keepLog, noMetrics } from "../fakes/quiet.ts";
import { hang, wordsOf } from "../fakes/script-harness.ts";

/** A gateway that is gone in mid-turn, and the next one on the same disk. */
async function crashed(
  agent: Partial<AgentConfig> = {},
): Promise<{ before: Rig; after: Rig; reaped: Custody[]; recover: () => ReturnType<typeof recoverTurns> }> {
  const before = await createRig({ agents: [agent] });
  before.harness("echo").script = hang;
  await before.say("deploy it");
  await before.run();
  const after = await createRig({ agents: [agent], disk: before.disk, clock: before.clock });
  const reaped: Custody[] = [];
  const processes = {
    reap: async (custody: Custody) => (reaped.push(custody), { survivors: 0 }),
  } as unknown as Processes;
  const recover = (): ReturnType<typeof recoverTurns> =>
    recoverTurns({
      store: after.store,
      clock: after.clock,
      ids: createIds(
        () => after.clock.now(),
        () => 0.5,
      ),
      log: keepLog(),
      metrics: noMetrics,
      outbox: after.pipeline.outbox,
      processes,
      agent: (id) => after.generation.agents.get(id),
    });
  return { before, after, reaped, recover };
}

test("an interrupted turn goes on in its session, with the user's own text, and is answered once", async () => {
  const { before, after, recover } = await crashed();
  assert.deepEqual(await recover(), { turns: 1, survivors: 0 });
  await after.pipeline.resume();
  await after.run();
  const [again] = after.harness("echo").prompts;
  assert.match(again?.text ?? "", /\ninterrupted: /);
  assert.equal(wordsOf(again?.text ?? ""), "deploy it");
  assert.equal(again?.spec.resume, "native-1");
  assert.deepEqual([...before.texts(), ...after.texts()], ["echo: deploy it"]);
  await after.stop();
});

test("with rerun it begins anew", async () => {
  const { after, recover } = await crashed({ onInterrupted: "rerun" });
  await recover();
  await after.pipeline.resume();
  await after.run();
  assert.doesNotMatch(after.harness("echo").prompts[0]?.text ?? "", /\ninterrupted: /);
  await after.stop();
});

test("with ask nothing runs before the sender has answered; the lane goes on with what is new", async () => {
  const { after, recover } = await crashed({ onInterrupted: "ask" });
  await recover();
  await after.pipeline.outbox.recover();
  await after.pipeline.resume();
  await after.run(MINUTE);
  assert.equal(after.harness("echo").prompts.length, 0);
  const [question = ""] = after.texts();
  const id = /\/retry (m_\w+)/.exec(question)?.[1] ?? "";
  await after.say("something else");
  await after.run();
  assert.deepEqual(
    after.harness("echo").prompts.map(({ text }) => wordsOf(text)),
    ["something else"],
  );
  await after.say(`/retry ${id}`);
  await after.run(MINUTE);
  assert.equal(wordsOf(after.harness("echo").prompts[1]?.text ?? ""), "deploy it");
  await after.stop();
});

test("a message that was running at three crashes is dead, and its sender told", async () => {
  const first = await crashed();
  let rig = first.after;
  let recover = first.recover;
  for (let crash = 1; crash < 3; crash++) {
    await recover();
    rig.harness("echo").script = hang;
    await rig.pipeline.resume();
    await rig.run(MINUTE);
    const next = await createRig({ disk: rig.disk, clock: rig.clock });
    const { store } = next;
    const processes = { reap: async () => ({ survivors: 0 }) } as unknown as Processes;
    const deps = {
      store,
      processes,
      clock: next.clock,
      ids: createIds(() => next.clock.now(), Math.random),
      log: keepLog(),
      metrics: noMetrics,
      outbox: next.pipeline.outbox,
    };
    recover = () => recoverTurns({ ...deps, agent: (id) => next.generation.agents.get(id) });
    rig = next;
  }
  await recover();
  await rig.pipeline.resume();
  await rig.pipeline.outbox.recover();
  await rig.run(MINUTE);
  assert.equal(rig.harness("echo").prompts.length, 0);
  assert.match(rig.texts().at(-1) ?? "", /failed on this message several times/);
  await rig.stop();
});

test("what an earlier gateway had spawned is ended before anything runs", async () => {
  const { after, reaped, recover } = await crashed();
  const [{ turn } = assert.fail()] = await after.store.interrupted();
  const custody = { pid: 4711, startTime: "1", marker: "x" };
  const by = { harness: "echo", model: "default", nativeSession: null, custody, at: after.clock.now() };
  const again = await after.store.nextAttempt(turn, {}, after.clock.now());
  assert.equal(await after.store.prompted(again ?? turn, by), true);
  await recover();
  assert.deepEqual(reaped, [custody]);
  await after.stop();
});
