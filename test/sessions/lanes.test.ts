import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import type { MessageId } from "../../src/core/ids.ts";
import type { Accepted } from "../../src/ports/intake.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";
import { failing, hang, sayBack, wordsOf } from "../fakes/script-harness.ts";

async function rigFor(t: TestContext, options?: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  t.after(() => rig.stop());
  return rig;
}

const idOf = (accepted: Accepted): MessageId => {
  assert.equal(accepted.outcome, "accepted");
  return accepted.outcome === "accepted" ? accepted.entry.id : ("" as MessageId);
};
const stateOf = async (rig: Rig, accepted: Accepted): Promise<string | undefined> =>
  (await rig.store.message(idOf(accepted)))?.entry.state;

test("a message is answered where it came from, and ends done", async (t) => {
  const rig = await rigFor(t);
  const accepted = await rig.say("hello");
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: hello"]);
  assert.equal(await stateOf(rig, accepted), "done");
  const message = await rig.store.message(idOf(accepted));
  assert.deepEqual(
    message?.history.map(({ event }) => event),
    ["accepted", "claimed", "prompted", "answered", "sending", "sent", "done"],
  );
});

test("a redelivery is one turn", async (t) => {
  const rig = await rigFor(t);
  for (let i = 0; i < 50; i++) await rig.say("hello", { dedupeKey: "the same" });
  await rig.run();
  assert.equal(rig.harness("echo").prompts.length, 1);
});

test("a lane runs one turn at a time, in order; lanes don't wait for each other", async (t) => {
  const rig = await rigFor(t, { agents: [{ midTurn: "queue" }] });
  const gate = Promise.withResolvers<void>();
  rig.harness("echo").script = async function* (prompt) {
    if (wordsOf(prompt.text) === "slow") await gate.promise;
    yield* sayBack(prompt);
  };
  await rig.say("slow");
  await rig.say("second");
  await rig.say("other", {
    address: { channel: "telegram", account: "default", conversation: "200" },
    sender: { id: "200", name: "Bea" },
  });
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: other"]);
  gate.resolve();
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: other", "echo: slow", "echo: second"]);
  assert.equal(rig.harness("echo").mostLive, 1);
});

test("what is said in mid-turn is collected into the next turn", async (t) => {
  const rig = await rigFor(t);
  const gate = Promise.withResolvers<void>();
  rig.harness("echo").script = async function* (prompt) {
    if (wordsOf(prompt.text) === "slow") await gate.promise;
    yield* sayBack(prompt);
  };
  await rig.say("slow");
  await rig.run();
  await rig.say("one");
  await rig.say("two");
  gate.resolve();
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: slow", "echo: one\n\ntwo"]);
});

test("a new message interrupts where the agent says so, and both are answered", async (t) => {
  const rig = await rigFor(t, { agents: [{ midTurn: "interrupt" }] });
  rig.harness("echo").script = (prompt, signal) =>
    wordsOf(prompt.text) === "slow" ? hang(prompt, signal) : sayBack(prompt);
  const slow = await rig.say("slow");
  await rig.run();
  await rig.say("no, this");
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: slow\n\nno, this"]);
  assert.equal(await stateOf(rig, slow), "done");
});

test("the fallback answers when the primary fails before it began, and says so once", async (t) => {
  const rig = await rigFor(t, { agents: [{ model: { primary: "a/x", fallbacks: ["b/y"] } }] });
  rig.harness("a").script = failing({ class: "structural", code: "harness-login" });
  await rig.say("one");
  await rig.run();
  await rig.say("two");
  await rig.run();
  const [first = "", second] = rig.texts();
  assert.match(first, /^_Answered by b\/y, .*_\n\necho: one$/);
  assert.equal(second, "echo: two");
  assert.equal(rig.harness("a").prompts.length, 1, "an unavailable primary isn't tried again by a turn");
});

test("after a limit only a candidate with another login is tried", async (t) => {
  const rig = await rigFor(t, { agents: [{ model: { primary: "a/x", fallbacks: ["a/y", "b/z"] } }] });
  const until = rig.clock.now() + 10 * MINUTE;
  rig.harness("a").script = failing({ class: "wait", code: "harness-limit", until });
  await rig.say("one");
  await rig.run();
  assert.equal(rig.harness("a").prompts.length, 1);
  assert.match(rig.texts()[0] ?? "", /Answered by b\/z/);
  assert.deepEqual(
    rig.availability.of("main").map(({ available }) => available),
    [false, false, true],
  );
  await rig.run(11 * MINUTE);
  assert.deepEqual(
    rig.availability.of("main").map(({ available }) => available),
    [true, true, true],
  );
});

test("without a candidate messages are held, told once, and run in order when it is back", async (t) => {
  const rig = await rigFor(t, { agents: [{ midTurn: "queue" }] });
  const echo = rig.harness("echo");
  echo.probes = { class: "structural", code: "harness-missing", detail: "gone" };
  await rig.run(3 * SECOND);
  const one = await rig.say("one");
  await rig.say("two");
  await rig.run(10 * SECOND);
  assert.equal(await stateOf(rig, one), "held");
  assert.equal(rig.texts().length, 1);
  assert.match(rig.texts()[0] ?? "", /saved and will be answered/);
  echo.probes = null;
  await rig.run(31 * SECOND);
  assert.deepEqual(rig.texts().slice(1), ["echo: one", "echo: two"]);
});

test("a fault of ours in mid-turn holds the message, and uses no attempt up", async (t) => {
  const rig = await rigFor(t);
  const echo = rig.harness("echo");
  echo.opening = { class: "structural", code: "harness-missing", detail: "gone" };
  echo.probes = echo.opening;
  const one = await rig.say("one");
  await rig.run(MINUTE);
  assert.equal(await stateOf(rig, one), "held");
  echo.opening = null;
  echo.probes = null;
  await rig.run(MINUTE);
  assert.equal(await stateOf(rig, one), "done");
  assert.equal((await rig.store.message(idOf(one)))?.turn?.failures, 0);
});

test("a hold has an end, and the sender reads it", async (t) => {
  const rig = await rigFor(t, {
    agents: [{ hold: { noticeAfter: 5 * SECOND, askAfter: MINUTE, max: 10 * MINUTE } }],
  });
  rig.harness("echo").probes = { class: "structural", code: "harness-missing", detail: "gone" };
  await rig.run(3 * SECOND);
  const one = await rig.say("one");
  await rig.run(11 * MINUTE);
  assert.equal(await stateOf(rig, one), "dead");
  assert.match(rig.texts().at(-1) ?? "", /waited 10m for the agent/);
});

test("one agent's outage leaves another agent undisturbed", async (t) => {
  const agents = [
    { id: "main", model: { primary: "a/x", fallbacks: [] } },
    { id: "other", model: { primary: "b/y", fallbacks: [] } },
  ];
  const rig = await rigFor(t, { agents });
  rig.harness("a").probes = { class: "structural", code: "harness-missing", detail: "gone" };
  await rig.run(3 * SECOND);
  await rig.say("held");
  await rig.say("served", {
    agent: "other",
    address: { channel: "telegram", account: "default", conversation: "200" },
  });
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: served"]);
});

test("a failing service is tried three times, with a backoff, then the sender is told", async (t) => {
  const rig = await rigFor(t);
  rig.harness("echo").script = failing({ class: "failed" });
  const one = await rig.say("one");
  await rig.run(5 * MINUTE);
  assert.equal(await stateOf(rig, one), "dead");
  assert.equal(rig.harness("echo").prompts.length, 3);
  assert.match(rig.texts().at(-1) ?? "", /failed on this message several times/);
});

test("once a tool ran, no other candidate repeats it: the same one goes on with the user's own text", async (t) => {
  const rig = await rigFor(t, { agents: [{ model: { primary: "a/x", fallbacks: ["b/y"] } }] });
  let tries = 0;
  rig.harness("a").script = async function* (prompt) {
    tries += 1;
    if (tries > 1) return yield* sayBack(prompt);
    yield { kind: "opened", id: "1", what: "tool", name: "Bash" };
    yield { kind: "failed", failure: { class: "failed", code: "harness-exited", detail: "killed" } };
  };
  await rig.say("deploy it");
  await rig.run(MINUTE);
  assert.equal(rig.harness("b").prompts.length, 0);
  const again = rig.harness("a").prompts[1];
  assert.match(again?.text ?? "", /\ninterrupted: /);
  assert.equal(wordsOf(again?.text ?? ""), "deploy it");
  assert.equal(again?.spec.resume, "native-1");
  assert.deepEqual(rig.texts(), ["echo: deploy it"]);
});

test("a refusal is an honest answer", async (t) => {
  const rig = await rigFor(t);
  rig.harness("echo").script = failing({
    class: "refused",
    code: "turn-refused",
    said: "prompt is too long",
  });
  const one = await rig.say("one");
  await rig.run();
  assert.deepEqual(rig.texts(), ["The model refused this message: prompt is too long"]);
  assert.equal(await stateOf(rig, one), "done");
});

test("a silent harness is stopped by its deadline, a silent tool is not", async (t) => {
  const rig = await rigFor(t);
  const gate = Promise.withResolvers<void>();
  rig.harness("echo").script = async function* (prompt, signal) {
    if (wordsOf(prompt.text) === "hang") return yield* hang(prompt, signal);
    yield { kind: "opened", id: "1", what: "tool", name: "Bash" };
    await gate.promise;
    yield { kind: "closed", id: "1" };
    yield* sayBack(prompt);
  };
  await rig.say("tool");
  await rig.run(10 * MINUTE);
  gate.resolve();
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: tool"]);
  const hung = await rig.say("hang");
  await rig.run(6 * MINUTE);
  assert.equal(await stateOf(rig, hung), "dead");
  assert.match(rig.texts().at(-1) ?? "", /didn't begin to answer in time \(1m\)/);
});

test("a harness that doesn't end when it is told to is abandoned", async (t) => {
  const rig = await rigFor(t);
  rig.harness("echo").script = async function* () {
    yield { kind: "text", delta: "so far" };
    await new Promise(() => {});
  };
  const one = await rig.say("one");
  await rig.run(5 * MINUTE);
  assert.equal(await stateOf(rig, one), "dead");
  assert.equal(rig.harness("echo").live.size, 0);
});

test("/stop bypasses the lane: the turn is stopped and its message cancelled", async (t) => {
  const rig = await rigFor(t);
  rig.harness("echo").script = hang;
  const one = await rig.say("slow");
  await rig.run();
  await rig.say("/stop");
  await rig.run();
  assert.equal(await stateOf(rig, one), "cancelled");
  assert.deepEqual(rig.texts(), ["Stopped."]);
});

test("a stop of the gateway leaves nothing running and everything to be answered", async () => {
  const rig = await createRig();
  rig.harness("echo").script = hang;
  const one = await rig.say("slow");
  await rig.run();
  await rig.stop();
  assert.equal(await stateOf(rig, one), "queued");
  assert.equal(rig.harness("echo").live.size, 0);
  const next = await createRig({ disk: rig.disk, clock: rig.clock });
  await next.pipeline.resume();
  await next.run();
  assert.deepEqual(next.texts(), ["echo: slow"]);
  await next.stop();
});

test("a session that nobody used for long begins afresh", async (t) => {
  const session = { direct: "conversation", links: {}, reset: { idle: 60 * MINUTE } } as const;
  const rig = await rigFor(t, { agents: [{ session }] });
  for (const [text, later] of [
    ["one", 10],
    ["two", 90],
    ["three", 0],
  ] as const) {
    await rig.say(text);
    await rig.run(later * MINUTE);
  }
  assert.deepEqual(
    rig.harness("echo").prompts.map(({ spec }) => spec.resume),
    [null, "native-1", null],
  );
});
