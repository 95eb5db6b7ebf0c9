// What a start makes of what an earlier gateway left running, on a clock of the test's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import type { Transcript } from "../../src/ports/harness.ts";
import { settle } from "../fakes/clock.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { hang, wordsOf } from "../fakes/script-harness.ts";
import { ANSWERED, crashed, next, only, prompts, summary, tells, type Next } from "./recovery-rig.ts";

test("an interrupted turn goes on in its session, with the user's own text, and is answered once", async () => {
  const { before, after } = await crashed({}, { kind: "prompted", started: true });
  assert.equal((await after.recover()).resumed, 1);
  const [again] = after.harness("echo").prompts;
  assert.match(again?.text ?? "", /\ninterrupted: you may have begun/);
  assert.equal(wordsOf(again?.text ?? ""), "deploy it");
  assert.equal(again?.spec.resume, "native-1");
  assert.deepEqual([...before.texts(), ...after.texts()], ["echo: deploy it"]);
  const { turn, history } = await only(after);
  assert.equal(turn?.reruns, 1);
  assert.deepEqual(history.find(({ event }) => event === "resumed")?.data, {
    by: "restart",
    reason: "work-begun",
  });
  await after.stop();
});

test("an answer that the harness's record has is adopted: sent once, remembered, and nothing runs again", async () => {
  const { before, after } = await crashed({ onInterrupted: "rerun" });
  const asked = tells(after, ANSWERED);
  const { id } = (await after.store.interrupted())[0]?.turn ?? assert.fail();
  assert.deepEqual(await after.recover(), summary({ adopted: 1 }));
  assert.deepEqual(asked, [`native-1 [rollcall ${id}]`]);
  assert.deepEqual(prompts(after), []);
  assert.deepEqual([...before.texts(), ...after.texts()], ["deployed"]);
  const { entry, turn, deliveries, history } = await only(after);
  assert.deepEqual([entry.state, turn?.reruns, deliveries[0]?.key], ["done", 0, `reply:${id}:0`]);
  assert.equal(history.find(({ event }) => event === "adopted")?.data["reason"], "restart");
  assert.equal((await after.store.nativeSession(entry.session, "echo"))?.native, "native-1");
  await after.stop();
});

test("what never arrived runs as if for the first time, and uses no attempt", async () => {
  const { after } = await crashed({ onInterrupted: "ask" }, { kind: "absent" });
  assert.equal((await after.recover()).rerun, 1);
  assert.doesNotMatch(prompts(after)[0] ?? "", /\ninterrupted: /);
  const { turn } = await only(after);
  assert.deepEqual([turn?.failures, turn?.reruns], [0, 0]);
  assert.deepEqual(after.texts(), ["echo: deploy it"]);
  await after.stop();
});

test("a turn that was claimed and no more runs as if for the first time", async () => {
  const before = await createRig();
  before.harness("echo").open = () => new Promise(() => {});
  await before.say("deploy it");
  await before.run();
  const after = await next(before);
  const asked = tells(after, ANSWERED);
  assert.equal((await after.recover()).rerun, 1);
  assert.deepEqual(asked, [], "nobody had prompted it, so nobody is asked");
  assert.doesNotMatch(prompts(after)[0] ?? "", /\ninterrupted: /);
  assert.equal((await only(after)).turn?.failures, 0);
  await after.stop();
});

test("a record that can't be read, or that hangs, is taken for work that had begun, after 5 s at most", async () => {
  for (const broken of [new TypeError("no access"), "hangs"] as const) {
    const { after } = await crashed({ onInterrupted: "ask" });
    if (broken === "hangs") Object.assign(after.harness("echo"), { transcript: () => new Promise(() => {}) });
    else tells(after, broken);
    assert.equal((await after.recover()).asked, 1);
    assert.deepEqual(prompts(after), []);
    assert.match(after.texts()[0] ?? "", /\/retry m_/);
    const asked = (await only(after)).history.find(({ event }) => event === "asked");
    assert.equal(asked?.data["reason"], "unreadable");
    await after.stop();
  }
});

test("with rerun it begins anew, and isn't told of what was before", async () => {
  const { after } = await crashed({ onInterrupted: "rerun" }, { kind: "prompted", started: true });
  assert.equal((await after.recover()).rerun, 1);
  assert.doesNotMatch(prompts(after)[0] ?? "", /\ninterrupted: /);
  assert.equal(after.harness("echo").prompts[0]?.spec.resume, null);
  assert.deepEqual([(await only(after)).turn?.reruns, (await only(after)).turn?.failures], [1, 1]);
  await after.stop();
});

test("with ask nothing runs before the sender has answered; the lane goes on with what is new", async () => {
  const { after } = await crashed({ onInterrupted: "ask" }, { kind: "prompted", started: false });
  await after.recover();
  await after.run(MINUTE);
  assert.deepEqual(prompts(after), []);
  const [question = ""] = after.texts();
  const id = /\/retry (m_\w+)/.exec(question)?.[1] ?? "";
  await after.say("something else");
  await after.run();
  assert.deepEqual(prompts(after).map(wordsOf), ["something else"]);
  await after.say(`/retry ${id}`);
  await after.run(MINUTE);
  assert.equal(wordsOf(prompts(after)[1] ?? ""), "deploy it");
  assert.match(prompts(after)[1] ?? "", /\ninterrupted: /);
  await after.stop();
});

test("a session that turns out to be lost: the agent is told that something may have been done, and the user's text", async () => {
  const { after } = await crashed({}, { kind: "prompted", started: true });
  const harness = after.harness("echo");
  const open = harness.open.bind(harness);
  harness.open = async (spec, signal) => ({
    ...(await open({ ...spec, resume: null }, signal)),
    fresh: spec.resume !== null,
  });
  await after.recover();
  assert.match(prompts(after)[0] ?? "", /\ninterrupted: this message was begun before/);
  assert.equal(wordsOf(prompts(after)[0] ?? ""), "deploy it");
  await after.stop();
});

test("the harness is declared no more: another takes over, and is told; nothing is lost", async () => {
  const before = await createRig({ agents: [{ model: { primary: "old/default", fallbacks: [] } }] });
  before.harness("old").script = hang;
  await before.say("deploy it");
  await before.run();
  const after = await next(before);
  const { rerun } = await after.recover();
  assert.equal(rerun, 1);
  assert.match(prompts(after)[0] ?? "", /\ninterrupted: this message was begun before/);
  assert.deepEqual(after.texts(), ["echo: deploy it"]);
  await after.stop();
});

test("a message that was running at three crashes is dead, and its sender told", async () => {
  let { after } = await crashed();
  for (let crash = 1; crash < 3; crash++) {
    after.harness("echo").script = hang;
    await after.recover();
    after = await next(after);
  }
  assert.equal((await after.recover()).dead, 1);
  assert.deepEqual(prompts(after), []);
  assert.match(after.texts().at(-1) ?? "", /failed on this message several times/);
  await after.stop();
});

test("killed in the recovery, again and again: it converges, with one rerun and one answer", async (t) => {
  const { after } = await crashed({}, { kind: "prompted", started: true });
  let boots = 1;
  let rig: Next = after;
  const rigs: Rig[] = [after];
  for (; boots <= 10; boots += 1) {
    // Each of these gateways gets as far as a different step.
    if (boots % 3 > 0) await rig.recovery.reap(SECOND);
    if (boots % 3 === 2) void rig.recovery.begin();
    if (boots % 3 === 2) await settle(boots);
    const following = await next(rig);
    tells(following, { kind: "prompted", started: true });
    rig = following;
    rigs.push(rig);
  }
  await rig.recover();
  assert.deepEqual(
    rigs.flatMap((one) => one.texts()),
    ["echo: deploy it"],
  );
  assert.equal(rigs.flatMap(prompts).length, 1);
  const { turn, entry } = await only(rig);
  assert.deepEqual([entry.state, turn?.reruns, turn?.failures], ["done", 1, 1]);
  t.diagnostic(
    `killed in 10 recoveries: the ${boots}th start has answered, once, with ${turn?.reruns} rerun`,
  );
  await rig.stop();
});

test("each turn is decided on alone: a record that hangs holds nobody back, and new messages stay in their order", async () => {
  const before = await createRig();
  before.harness("echo").script = hang;
  const from = (conversation: string) => ({
    address: { channel: "telegram", account: "default", conversation },
    sender: { id: conversation, name: "Ada" },
  });
  await before.say("slow", from("1"));
  await before.say("quick", from("2"));
  await before.run();
  const after = await next(before);
  Object.assign(after.harness("echo"), {
    transcript: (native: string) =>
      native === "native-1" ? new Promise(() => {}) : Promise.resolve<Transcript>({ kind: "absent" }),
  });
  await after.recovery.reap(SECOND);
  void after.recovery.begin();
  await after.pipeline.resume();
  await after.run(1);
  await after.say("after slow", from("1"));
  await after.run();
  assert.deepEqual(prompts(after).map(wordsOf), ["quick"]);
  assert.deepEqual(after.recovery.state(), { recovering: 1, survivors: 0 });
  await after.run(6 * SECOND);
  assert.deepEqual(prompts(after).map(wordsOf), ["quick", "slow", "after slow"]);
  assert.deepEqual(after.recovery.state(), { recovering: 0, survivors: 0 });
  await after.stop();
});
