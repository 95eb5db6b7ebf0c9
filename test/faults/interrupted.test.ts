// Work that breaks off in a running gateway: what had been done isn't done again, and what was answered isn't lost.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../src/core/failure.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import type { HarnessEvent, Transcript } from "../../src/ports/harness.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { failing, hang, sayBack, wordsOf, type Script } from "../fakes/script-harness.ts";

const TWO = { model: { primary: "one/default", fallbacks: ["two/default"] } };
const EXITED: Failure = { class: "failed", code: "harness-exited", detail: "ended by SIGKILL" };
const ANSWERED: Transcript = { kind: "answered", text: "from the record", files: [], usage: null };

/** Uses a tool, and counts it, and then breaks off. */
function usesTool(count: { tools: number }, then: Failure): Script {
  return async function* (): AsyncGenerator<HarnessEvent> {
    yield { kind: "opened", id: "1", what: "tool", name: "Push" };
    count.tools += 1;
    yield { kind: "closed", id: "1" };
    yield { kind: "failed", failure: then };
  };
}

/** The harness's own record has the answer, or says why not. */
function tells(rig: Rig, id: string, told: Transcript): void {
  Object.assign(rig.harness(id), { transcript: async () => told });
}

const prompts = (rig: Rig, id: string): readonly string[] => rig.harness(id).prompts.map(({ text }) => text);

test("a tool has run, then the harness dies: the same candidate goes on and is told; no other takes over", async (t) => {
  const rig = await createRig({ agents: [TWO] });
  const count = { tools: 0 };
  tells(rig, "one", { kind: "prompted", started: true });
  rig.harness("one").script = usesTool(count, EXITED);
  await rig.say("push it");
  await rig.run();
  rig.harness("one").script = sayBack;
  await rig.run(MINUTE);
  assert.deepEqual([count.tools, prompts(rig, "one").length, prompts(rig, "two").length], [1, 2, 0]);
  assert.match(prompts(rig, "one")[1] ?? "", /\ninterrupted: /);
  assert.equal(wordsOf(prompts(rig, "one")[1] ?? ""), "push it");
  assert.deepEqual(rig.texts(), ["echo: push it"]);
  t.diagnostic(`tool runs ${count.tools}, other candidates prompted 0, answers ${rig.texts().length}`);
  await rig.stop();
});

test("a tool has run, then the harness is out for hours: the message waits for it, though a fallback is there", async (t) => {
  const rig = await createRig({ agents: [TWO] });
  const count = { tools: 0 };
  const gone: Failure = { class: "structural", code: "harness-login", detail: "logged out" };
  rig.harness("one").script = usesTool(count, gone);
  await rig.say("push it");
  await rig.run();
  rig.harness("one").probes = gone;
  await rig.run(10 * MINUTE);
  assert.deepEqual([count.tools, prompts(rig, "two").length], [1, 0]);
  assert.match(rig.texts()[0] ?? "", /Your message is saved/);
  await rig.say("what about me?", {
    address: { channel: "telegram", account: "default", conversation: "7" },
  });
  await rig.run(SECOND);
  assert.equal(prompts(rig, "two").length, 1, "others are answered by the fallback");
  rig.harness("one").probes = null;
  rig.harness("one").script = sayBack;
  await rig.run(5 * MINUTE);
  assert.equal(rig.texts().filter((text) => text.includes("echo: push it")).length, 1);
  assert.equal(prompts(rig, "two").length, 1);
  assert.match(prompts(rig, "one").at(-1) ?? "", /\ninterrupted: /);
  t.diagnostic(`tool runs ${count.tools}; the fallback was given the message 0 times in 10 minutes`);
  await rig.stop();
});

test("a fallback has run a tool, then it dies: it goes on itself, though the primary is back", async (t) => {
  const rig = await createRig({ agents: [TWO] });
  const count = { tools: 0 };
  const out: Failure = { class: "structural", code: "harness-login", detail: "logged out" };
  rig.harness("one").script = failing(out);
  rig.harness("two").script = usesTool(count, EXITED);
  await rig.say("push it");
  await rig.run();
  rig.harness("one").script = sayBack;
  rig.harness("two").script = sayBack;
  rig.availability.retry("main");
  await rig.run(MINUTE);
  assert.deepEqual([count.tools, prompts(rig, "one").length, prompts(rig, "two").length], [1, 1, 2]);
  assert.match(prompts(rig, "two")[1] ?? "", /\ninterrupted: you may have begun/);
  t.diagnostic(`tool runs ${count.tools}, in the session that had begun`);
  await rig.stop();
});

test("a tool that is silent for ten minutes: the turn lives", async (t) => {
  const rig = await createRig();
  let killed = 0;
  rig.harness("echo").script = async function* (_prompt, signal): AsyncGenerator<HarnessEvent> {
    yield { kind: "opened", id: "1", what: "tool", name: "Build" };
    await rig.clock.sleep(10 * MINUTE, signal);
    if (signal.aborted) killed += 1;
    yield { kind: "closed", id: "1" };
    yield { kind: "final", text: "built", files: [], usage: null };
  };
  await rig.say("build it");
  await rig.run(9 * MINUTE);
  assert.equal(rig.pipeline.lanes.running(), 1);
  await rig.run(2 * MINUTE);
  assert.deepEqual(rig.texts(), ["built"]);
  t.diagnostic(`killed ${killed} in ten minutes of silence`);
  assert.equal(killed, 0);
  await rig.stop();
});

test("the late result of an attempt that was given up changes nothing", async (t) => {
  const rig = await createRig();
  let late = 0;
  rig.harness("echo").script = async function* (): AsyncGenerator<HarnessEvent> {
    // Deaf to the signal, and slower than everybody's patience.
    await rig.clock.sleep(30 * MINUTE);
    late += 1;
    yield { kind: "final", text: "far too late", files: [], usage: null };
  };
  await rig.say("hello");
  await rig.run(30 * SECOND);
  rig.harness("echo").script = sayBack;
  await rig.run(5 * MINUTE);
  assert.deepEqual(rig.texts(), ["echo: hello"]);
  await rig.run(60 * MINUTE);
  assert.equal(late, 1);
  assert.deepEqual(rig.texts(), ["echo: hello"]);
  const [message] = await rig.store.messages({ limit: 1 });
  assert.deepEqual([message?.entry.state, message?.reply?.text], ["done", "echo: hello"]);
  t.diagnostic(`late results ${late}, answers ${rig.texts().length}`);
  await rig.stop();
});

test("the harness dies after it had answered: its record has the answer, and nothing runs again", async (t) => {
  const rig = await createRig({ agents: [TWO] });
  tells(rig, "one", ANSWERED);
  rig.harness("one").script = failing(EXITED);
  await rig.say("hello");
  await rig.run(MINUTE);
  assert.deepEqual(rig.texts(), ["from the record"]);
  assert.deepEqual([prompts(rig, "one").length, prompts(rig, "two").length], [1, 0]);
  const [{ entry, turn } = assert.fail()] = await rig.store.messages({ limit: 1 });
  const stored = await rig.store.message(entry.id);
  const adopted = stored?.history.find(({ event }) => event === "adopted");
  assert.equal(adopted?.data["reason"], "harness-exited");
  assert.equal((await rig.store.nativeSession(entry.session, "one"))?.native, "native-1");
  t.diagnostic(`answers ${rig.texts().length}, reruns ${turn?.reruns}`);
  await rig.stop();
});

test("a deadline that passes after the answer was written: the answer counts, not the deadline", async () => {
  const rig = await createRig();
  tells(rig, "echo", ANSWERED);
  rig.harness("echo").script = async function* (prompt, signal): AsyncGenerator<HarnessEvent> {
    yield { kind: "text", delta: "from the" };
    yield* hang(prompt, signal);
  };
  await rig.say("hello");
  await rig.run(10 * MINUTE);
  assert.deepEqual(rig.texts(), ["from the record"]);
  await rig.stop();
});

test("what a person stopped isn't answered from a record, and what the service refused isn't looked up", async () => {
  const rig = await createRig();
  tells(rig, "echo", ANSWERED);
  rig.harness("echo").script = hang;
  await rig.say("hello");
  await rig.run(SECOND);
  await rig.say("/stop");
  await rig.run(MINUTE);
  rig.harness("echo").script = failing({ class: "refused", code: "turn-refused", said: "no" });
  await rig.say("and this?");
  await rig.run(MINUTE);
  assert.ok(!rig.texts().includes("from the record"), rig.texts().join(" | "));
  await rig.stop();
});

test("a stop of the gateway that comes just after the answer: it is stored before the end", async (t) => {
  const rig = await createRig();
  tells(rig, "echo", ANSWERED);
  rig.harness("echo").script = hang;
  await rig.say("hello");
  await rig.run(SECOND);
  await rig.stop();
  const [message] = await rig.store.messages({ limit: 1 });
  assert.equal(message?.reply?.text, "from the record");
  assert.equal(message.turn?.reruns, 0);
  t.diagnostic(`state at the end ${message.entry.state}, reruns ${message.turn.reruns}`);
});

test("a stop of the gateway in mid-turn: the next one goes on, and no attempt was used", async () => {
  const rig = await createRig();
  tells(rig, "echo", { kind: "prompted", started: true });
  rig.harness("echo").script = async function* (prompt, signal): AsyncGenerator<HarnessEvent> {
    yield { kind: "text", delta: "I am about to" };
    yield* hang(prompt, signal);
  };
  await rig.say("hello");
  await rig.run(SECOND);
  await rig.stop();
  const next = await createRig({ disk: rig.disk, clock: rig.clock });
  await next.pipeline.resume();
  await next.run(SECOND);
  assert.match(prompts(next, "echo")[0] ?? "", /\ninterrupted: you may have begun/);
  assert.deepEqual(next.texts(), ["echo: hello"]);
  const [message] = await next.store.messages({ limit: 1 });
  assert.equal(message?.turn?.failures, 0);
  await next.stop();
});
