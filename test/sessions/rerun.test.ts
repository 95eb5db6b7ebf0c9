import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageId, SessionKey } from "../../src/core/ids.ts";
import { MINUTE } from "../../src/core/time.ts";
import type { Accepted } from "../../src/ports/intake.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { failing } from "../fakes/script-harness.ts";

const idOf = (accepted: Accepted): MessageId =>
  accepted.outcome === "accepted" ? accepted.entry.id : assert.fail(accepted.outcome);

/** Everything that the store holds, and how often it was written to. */
function everything({ disk }: Rig): unknown {
  const tables = disk.db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'");
  return {
    writes: disk.db.get("SELECT total_changes() AS n"),
    rows: tables.map(({ name }) => [name, disk.db.all(`SELECT * FROM "${name}"`)]),
  };
}

const withoutTurn = (text: string): string => text.replace(/^\[rollcall t_[^\]]*\]/, "[rollcall]");

test("a dry run tells word for word what would be prompted, and changes nothing", async () => {
  const rig = await createRig();
  await rig.say("first");
  await rig.run(MINUTE);
  const file = { kind: "document", name: "a.pdf", mime: "application/pdf" } as const;
  const id = idOf(
    await rig.say("do it", {}, { attachments: [{ ...file, source: { kind: "blob", key: "k1" } }] }),
  );
  await rig.run(MINUTE);
  const before = everything(rig);
  const plan = await rig.pipeline.operate.planRerun(id, null);
  await rig.run();
  assert.deepEqual(everything(rig), before);
  assert.deepEqual(
    [plan.agent, plan.session, plan.runsOn, plan.refusal, plan.ahead, plan.toolsRan],
    ["main", "agent:main:telegram:direct:100", { harness: "echo", model: "default" }, null, 0, false],
  );
  assert.equal(plan.resume, "native-1");
  assert.deepEqual(plan.files, [{ ...file, path: null, problem: "it is no longer kept" }]);
  assert.deepEqual(plan.answerTo, { channel: "telegram", account: "default", conversation: "100" });

  const fresh = await rig.pipeline.operate.rerun(id, null, { name: "token ci" });
  await rig.run(MINUTE);
  const prompted = rig.harness("echo").prompts.at(-1);
  assert.equal(withoutTurn(prompted?.text ?? ""), withoutTurn(plan.prompt ?? "nothing"));
  assert.equal(prompted?.spec.resume, plan.resume);
  const again = await rig.store.message(fresh.id);
  assert.deepEqual([again?.entry.replayOf, again?.entry.state], [id, "done"]);
  assert.deepEqual(again?.history[0]?.data, { replayOf: id, by: "token ci" });
  assert.deepEqual((await rig.store.message(id))?.reruns, [fresh.id]);
  await rig.stop();
});

test("a plan says whether a tool had run, and nobody knows after a crash", async () => {
  const rig = await createRig();
  rig.harness("echo").script = async function* () {
    yield { kind: "opened", id: "1", what: "tool", name: "Bash" };
    yield { kind: "closed", id: "1" };
    yield { kind: "final", text: "done", files: [], usage: null };
  };
  const id = idOf(await rig.say("deploy"));
  await rig.run(MINUTE);
  assert.equal((await rig.pipeline.operate.planRerun(id, null)).toolsRan, true);
  rig.disk.db.run("DELETE FROM history WHERE event = 'answered'");
  assert.equal((await rig.pipeline.operate.planRerun(id, null)).toolsRan, null);
  await rig.stop();
});

test("by another agent it runs in that agent's session of the place, and is answered where it was asked", async () => {
  const other = { id: "other", session: { direct: "agent" as const, links: {}, reset: {} } };
  const rig = await createRig({ agents: [{}, other] });
  const id = idOf(await rig.say("hello"));
  await rig.run(MINUTE);
  const plan = await rig.pipeline.operate.planRerun(id, "other");
  assert.deepEqual([plan.agent, plan.session, plan.resume], ["other", "agent:other:main", null]);
  const fresh = await rig.pipeline.operate.rerun(id, "other");
  await rig.run(MINUTE);
  assert.equal(fresh.session, "agent:other:main");
  assert.equal(rig.channel.sent.at(-1)?.delivery.address.conversation, "100");
  assert.equal((await rig.store.message(fresh.id))?.entry.state, "done");
  await rig.stop();
});

test("a rerun is refused as its plan says: unended, a command, an unknown agent, a chat that is gone", async () => {
  const rig = await createRig();
  const { operate } = rig.pipeline;
  const done = idOf(await rig.say("hello"));
  const command = idOf(await rig.say("/whoami"));
  await rig.run(MINUTE);
  rig.harness("echo").probes = { class: "structural", code: "harness-missing", detail: "gone" };
  await rig.run(MINUTE);
  const held = idOf(await rig.say("later"));
  await rig.run();
  const plan = await operate.planRerun(done, null);
  assert.deepEqual([plan.runsOn, plan.prompt, plan.refusal], [null, null, null]);
  assert.deepEqual([plan.candidates[0]?.code, plan.ahead], ["harness-missing", 1]);
  for (const [id, agent, code] of [
    [held, null, "state-conflict"],
    [command, null, "state-conflict"],
    [done, "nobody", "agent-unknown"],
  ] as const) {
    assert.equal((await operate.planRerun(id, agent)).refusal?.code, code);
    await assert.rejects(operate.rerun(id, agent), { code });
  }
  await assert.rejects(operate.planRerun("m_none" as MessageId, null), { code: "no-such-id" });
  rig.pipeline.channels.clear();
  assert.equal((await operate.planRerun(done, null)).refusal?.code, "address-unknown");
  await rig.stop();
});

test("a rerun passes no door that its sender couldn't pass now", async () => {
  const access = { direct: { policy: "pairing" as const, allow: ["100"] }, groups: {} };
  const rig = await createRig({ access });
  const id = idOf(await rig.say("hello"));
  await rig.run(MINUTE);
  const shut = await createRig({
    access: { ...access, direct: { policy: "pairing", allow: [] } },
    disk: rig.disk,
    clock: rig.clock,
  });
  await assert.rejects(shut.pipeline.operate.rerun(id, null), { code: "sender-refused" });
  assert.equal((await shut.pipeline.operate.planRerun(id, null)).refusal?.code, "sender-refused");
  assert.equal((await shut.store.counts()).queued, 0);
  await shut.stop();
});

test("dead messages are retried in bulk, on a ramp that is in the store, and each is answered once", async () => {
  const rig = await createRig({ agents: [{}, { id: "other" }] });
  rig.harness("echo").script = failing({ class: "deadline", deadline: "total" });
  const place = (n: number) => ({
    address: { channel: "telegram", account: "default", conversation: `${n}` },
    sender: { id: `${n}`, name: "Ada" },
  });
  for (let n = 0; n < 10; n++) await rig.say(`m${n}`, place(n));
  await rig.run(30 * MINUTE);
  const died = (await rig.store.counts()).dead;
  assert.equal(died, 10);
  rig.harness("echo").script = async function* () {
    yield { kind: "final", text: "answered", files: [], usage: null };
  };
  assert.deepEqual(await rig.pipeline.operate.retryDead("other"), []);
  const retried = await rig.pipeline.operate.retryDead(null, { name: "token ci" });
  assert.equal(retried.length, 10);
  const queued = await rig.store.messages({ states: ["queued"], limit: 20 });
  const waits = queued.map(({ entry }) => entry.notBefore - rig.clock.now()).toSorted((a, b) => a - b);
  assert.deepEqual(waits.slice(0, 3), [0, 0, 500]);
  assert.ok((waits.at(-1) ?? 0) > 1000 && (waits.at(-1) ?? 0) <= 9000, waits.join());
  await rig.run(MINUTE);
  assert.equal(rig.texts().filter((text) => text === "answered").length, 10);
  const stored = await rig.store.message(retried[0] ?? assert.fail());
  assert.equal(stored?.history.find(({ event }) => event === "retried")?.data["by"], "token ci");
  assert.equal(stored?.turn?.failures, 0);
  await rig.stop();
});

test("whoever hadn't heard of the failure yet hears only the answer of the retry", async () => {
  const rig = await createRig();
  rig.channel.status({ status: "failing" });
  rig.harness("echo").script = failing({ class: "deadline", deadline: "total" });
  const id = idOf(await rig.say("hello"));
  await rig.run(5 * MINUTE);
  const notice = (await rig.store.message(id))?.deliveries.find(({ key }) => key.startsWith("end:"));
  assert.equal(notice?.state, "ready", "nothing is sent while the channel is down");
  assert.equal((await rig.store.message(id))?.entry.state, "dead");
  rig.harness("echo").script = async function* () {
    yield { kind: "final", text: "answered", files: [], usage: null };
  };
  await rig.pipeline.operate.retry(id);
  rig.channel.status({ status: "connected" });
  await rig.run(30 * MINUTE);
  const { deliveries = [] } = (await rig.store.message(id)) ?? {};
  assert.deepEqual(
    deliveries.map(({ kind, state }) => [kind, state]),
    [
      ["notice", "dead"],
      ["reply", "sent"],
    ],
  );
  await rig.stop();
});

test("who cancels somebody else's message has its sender told; a sender's own word needs no notice", async () => {
  const rig = await createRig();
  rig.harness("echo").probes = { class: "structural", code: "harness-missing", detail: "gone" };
  await rig.run(MINUTE);
  const held = idOf(await rig.say("one"));
  await rig.run();
  await rig.pipeline.operate.cancel(held, { name: "token ci" });
  const told = (await rig.store.message(held)) ?? assert.fail();
  assert.match(told.deliveries.at(-1)?.body.text ?? "", /stopped before it was answered/);
  const line = told.history.find(({ event }) => event === "cancelled");
  assert.deepEqual(line?.data, { by: "token ci" });
  const own = idOf(await rig.say("two"));
  await rig.run();
  const session = "agent:main:telegram:direct:100" as SessionKey;
  await rig.pipeline.operate.cancel(own, { name: "Ada", session });
  assert.deepEqual(
    ((await rig.store.message(own))?.deliveries ?? []).filter(({ key }) => key.startsWith("cancelled:")),
    [],
  );
  await rig.stop();
});
