import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { MessageId } from "../../src/core/ids.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import type { Accepted } from "../../src/ports/intake.ts";
import type { Failure } from "../../src/core/failure.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";

const gone: Failure = { class: "structural", code: "harness-missing", detail: "gone" };
const hold = { noticeAfter: 5 * SECOND, askAfter: 30 * MINUTE, max: 24 * HOUR };

/** A rig whose one agent can't serve. */
async function down(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({ agents: [{ hold, midTurn: "queue" }], ...options });
  t.after(() => rig.stop());
  rig.harness("echo").probes = gone;
  await rig.run(3 * SECOND);
  return rig;
}

async function up(rig: Rig): Promise<void> {
  rig.harness("echo").probes = null;
  await rig.run(31 * SECOND);
}

const idOf = (accepted: Accepted): MessageId =>
  accepted.outcome === "accepted" ? accepted.entry.id : ("" as MessageId);
const entryOf = async (rig: Rig, accepted: Accepted) => (await rig.store.message(idOf(accepted)))?.entry;
const answers = (rig: Rig): readonly string[] => rig.texts().filter((text) => text.startsWith("echo:"));

test("one notice per conversation and incident, however many messages and restarts of the outage", async (t) => {
  const rig = await down(t);
  for (let i = 0; i < 8; i++) {
    await rig.say(`${i}`);
    await rig.run(2 * SECOND);
  }
  assert.equal(rig.texts().length, 1, "each new message doesn't put the notice off");
  await up(rig);
  assert.equal(answers(rig).length, 8);
  rig.harness("echo").probes = gone;
  await rig.run(3 * SECOND);
  await rig.say("again");
  await rig.run(10 * SECOND);
  assert.equal(
    rig.texts().filter((text) => text.includes("is saved")).length,
    1,
    "within a minute it is the same",
  );
});

test("a conversation that is answered before the notice is due reads none", async (t) => {
  const rig = await down(t);
  await rig.say("one");
  await rig.run();
  rig.harness("echo").probes = null;
  await rig.run(4 * SECOND);
  await rig.run(MINUTE);
  assert.deepEqual(rig.texts(), ["echo: one"]);
});

test("a hold that is younger than askAfter runs by itself", async (t) => {
  const rig = await down(t);
  await rig.say("one");
  await rig.run(28 * MINUTE);
  await up(rig);
  assert.deepEqual(answers(rig), ["echo: one"]);
});

test("a stale message isn't run before its sender says so, and neither is what was held beside it", async (t) => {
  const rig = await down(t);
  const one = await rig.say("delete it");
  await rig.run(25 * MINUTE);
  const two = await rig.say("and then the rest");
  await rig.run(6 * MINUTE);
  await up(rig);
  assert.deepEqual(answers(rig), []);
  const question = rig.texts().at(-1) ?? "";
  assert.match(question, /2 of your messages waited for the agent, up to 3\dm/);
  assert.ok(question.includes(`/run ${idOf(one)} /skip ${idOf(one)} /show ${idOf(one)}`));
  assert.equal((await entryOf(rig, one))?.hold?.code, "hold-stale");
  await rig.run(HOUR);
  assert.equal(rig.texts().filter((text) => text.includes("waited for the agent")).length, 1, "asked once");

  await rig.say("what is the time?");
  await rig.run();
  assert.deepEqual(answers(rig), ["echo: what is the time?"], "what is said after the question runs");
  await rig.say(`/show ${idOf(two)}`);
  await rig.run();
  assert.match(rig.texts().at(-1) ?? "", /> and then the rest/);
  await rig.say(`/run ${idOf(one)}`);
  await rig.run();
  await rig.say(`/skip ${idOf(two)}`);
  await rig.run();
  assert.deepEqual(answers(rig).slice(1), ["echo: delete it"]);
  assert.equal((await entryOf(rig, one))?.state, "done");
  assert.equal((await entryOf(rig, two))?.state, "cancelled");
});

test("/run and /skip without an id mean the only one that is asked about; with several they ask which", async (t) => {
  const rig = await down(t);
  const one = await rig.say("one");
  await rig.run(31 * MINUTE);
  await up(rig);
  assert.match(rig.texts().at(-1) ?? "", /^Your message from 2026-01-01 00:00 UTC waited 3\dm/);
  await rig.say("/run");
  await rig.run();
  assert.equal((await entryOf(rig, one))?.state, "done");
  await rig.say("/run");
  await rig.run();
  assert.equal(rig.texts().at(-1), "No message waits for your word here.");

  rig.harness("echo").probes = gone;
  await rig.run(3 * SECOND);
  const [two, three] = [await rig.say("two"), await rig.say("three")];
  await rig.run(31 * MINUTE);
  await up(rig);
  await rig.say("/skip");
  await rig.run();
  assert.match(
    rig.texts().at(-1) ?? "",
    new RegExp(`^Which one\\? /skip ${idOf(two)}  /skip ${idOf(three)}`),
  );
  await rig.say("/run all");
  await rig.run();
  assert.deepEqual(answers(rig), ["echo: one", "echo: two", "echo: three"]);
});

test("nobody answers for a stranger: a paired person's commands reach their own chat alone", async (t) => {
  const rig = await down(t);
  const one = await rig.say("one");
  await rig.run(31 * MINUTE);
  await up(rig);
  const other = {
    address: { channel: "telegram", account: "default", conversation: "200" },
    sender: { id: "200", name: "Bea" },
  };
  for (const command of ["run", "skip", "show"]) {
    await rig.say(`/${command} ${idOf(one)}`, other);
    await rig.run();
    assert.equal(rig.texts().at(-1), "There is no message like this in this chat.");
  }
  assert.equal((await entryOf(rig, one))?.state, "held");
});

test("a caller of the API isn't asked: its message stays held until it is released", async (t) => {
  const rig = await down(t);
  const one = await rig.say("one", { role: "operator" });
  await rig.run(31 * MINUTE);
  const before = rig.texts().length;
  await up(rig);
  assert.equal(rig.texts().length, before);
  assert.equal((await entryOf(rig, one))?.hold?.code, "hold-stale");
  await rig.pipeline.operate.release(idOf(one));
  await rig.run();
  assert.deepEqual(answers(rig), ["echo: one"]);
  await assert.rejects(rig.pipeline.operate.release(idOf(one)), { code: "state-conflict" });
});

test("release --held lets everything of an agent go, in order, and what can't be served is held again", async (t) => {
  const agents = ["main", "other"].map((id) => ({ id, hold, midTurn: "queue" as const }));
  const rig = await down(t, { agents });
  const [one, two] = [await rig.say("one"), await rig.say("two")];
  const third = await rig.say("three", {
    agent: "other",
    role: "operator",
    address: { channel: "telegram", account: "default", conversation: "300" },
  });
  await rig.run(31 * MINUTE);
  assert.deepEqual(
    (await rig.pipeline.operate.releaseHeld("main")).map(({ id }) => id),
    [idOf(one), idOf(two)],
  );
  await rig.run();
  assert.equal((await entryOf(rig, one))?.state, "held");
  await up(rig);
  assert.deepEqual(answers(rig), ["echo: one", "echo: two"], "the hold of what was released began anew");
  assert.equal((await entryOf(rig, third))?.hold?.code, "hold-stale");
  await rig.pipeline.operate.releaseHeld(null);
  await rig.run();
  assert.deepEqual(answers(rig).at(-1), "echo: three");
});

test("a question that nobody answers ends with the hold's end", async (t) => {
  const rig = await down(t, { agents: [{ hold: { ...hold, max: HOUR } }] });
  const one = await rig.say("one");
  await rig.run(31 * MINUTE);
  await up(rig);
  await rig.run(50 * MINUTE);
  assert.equal((await entryOf(rig, one))?.state, "held");
  await rig.run(15 * MINUTE);
  assert.equal((await entryOf(rig, one))?.state, "dead");
  assert.match(rig.texts().at(-1) ?? "", /there was no answer for 1h/);
});

test("a question outlives a restart, and so does the number of the incident", async (t) => {
  const rig = await down(t);
  const one = await rig.say("one");
  await rig.run(31 * MINUTE);
  const incident = (await entryOf(rig, one))?.hold?.incident;
  await up(rig);
  await rig.stop();
  const next = await createRig({ disk: rig.disk, clock: rig.clock, agents: [{ hold }] });
  t.after(() => next.stop());
  await next.pipeline.resume();
  await next.run(MINUTE);
  assert.deepEqual(next.texts(), []);
  assert.equal((await entryOf(next, one))?.hold?.incident, incident);
  await next.say("/run");
  await next.run();
  assert.deepEqual(answers(next), ["echo: one"]);
});

for (const jump of [DAY, -DAY]) {
  test(`a wall clock that jumps by ${jump / DAY} day neither ends a hold nor keeps it`, async (t) => {
    const rig = await down(t);
    const one = await rig.say("one");
    await rig.run(10 * MINUTE);
    rig.clock.jump(jump);
    await rig.say("two");
    await rig.run(10 * MINUTE);
    assert.equal((await entryOf(rig, one))?.state, "held");
    await up(rig);
    assert.deepEqual(answers(rig), ["echo: one", "echo: two"]);
  });

  test(`a hold ends after its own time, also when the wall clock jumps by ${jump / DAY} day`, async (t) => {
    const rig = await down(t, { agents: [{ hold: { ...hold, max: 2 * HOUR } }] });
    const one = await rig.say("one");
    await rig.run(HOUR);
    rig.clock.jump(jump);
    await rig.run(50 * MINUTE);
    assert.equal((await entryOf(rig, one))?.state, "held");
    await rig.run(20 * MINUTE);
    assert.equal((await entryOf(rig, one))?.state, "dead");
  });
}

test("a message that fails again and again for a fault of ours has one hold, with one beginning", async (t) => {
  const rig = await down(t, { agents: [{ hold: { ...hold, max: HOUR, askAfter: DAY } }] });
  const echo = rig.harness("echo");
  const one = await rig.say("one");
  await rig.run(MINUTE);
  echo.probes = null;
  echo.opening = { class: "protocol", code: "harness-protocol", detail: "?" };
  await rig.run(50 * MINUTE);
  assert.equal((await entryOf(rig, one))?.state, "held");
  await rig.run(15 * MINUTE);
  assert.equal((await entryOf(rig, one))?.state, "dead");
});

test("held messages of one conversation beyond what one turn takes are all held, and all answered in order", async (t) => {
  const rig = await down(t);
  for (let i = 0; i < 120; i++) await rig.say(`${i}`);
  await rig.run(MINUTE);
  assert.equal((await rig.store.counts()).held, 120);
  await up(rig);
  assert.deepEqual(
    answers(rig),
    Array.from({ length: 120 }, (_, i) => `echo: ${i}`),
  );
});
