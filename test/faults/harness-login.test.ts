// Logins that end, models that don't exist, limits that are reached: told apart, with no try wasted.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { ERRORS } from "../../src/core/errors.ts";
import type { Failure } from "../../src/core/failure.ts";
import { HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import type { ProbeLevel } from "../../src/ports/harness.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { createScriptHarness, failing, type ScriptHarness } from "../fakes/script-harness.ts";
import { startRig } from "./harness-rig.ts";

const login: Failure = { class: "structural", code: "harness-login", detail: "`auth status` says no" };

/** Fails from a level on, as a program does whose login is gone while its file is there. */
function failFrom(harness: ScriptHarness, from: ProbeLevel, failure: Failure): void {
  harness.probe = async (_model, level) =>
    level >= from ? { ok: false, level: from, failure } : { ok: true, level };
}

async function rigOf(t: TestContext, refs: readonly string[], credentials: Readonly<Record<string, string>>) {
  const harnesses = new Map(
    Object.entries(credentials).map(([id, credential]) => [id, createScriptHarness(id, credential)]),
  );
  const [primary = "", ...fallbacks] = refs;
  const rig = await createRig({ agents: [{ model: { primary, fallbacks } }], harnesses });
  t.after(() => rig.stop());
  return rig;
}

const tries = (rig: Rig): number =>
  [...rig.harnesses.values()].reduce((sum, { prompts }) => sum + prompts.length, 0);

test("a login that expires in silence is found by a probe, and named with its remedy", async (t) => {
  const rig = await rigOf(t, ["a/x", "a/y", "a/z"], { a: "one" });
  await rig.run(100 * SECOND);
  failFrom(rig.harness("a"), "L2", login);
  const begun = rig.clock.monotonic();
  while (rig.availability.of("main")[0]?.available === true) await rig.run(SECOND);
  const took = (rig.clock.monotonic() - begun) / SECOND;
  for (const { available, code, level } of rig.availability.of("main"))
    assert.deepEqual([available, code, level], [false, "harness-login", "L1"]);
  assert.match(ERRORS["harness-login"].fix, /Log in with the harness's own program/);
  assert.ok(took <= 300);
  await rig.say("hello");
  await rig.run(10 * SECOND);
  assert.equal(tries(rig), 0, "nobody's message finds it out");
  assert.equal((await rig.store.counts()).held, 1);
  t.diagnostic(`found after ${took} s, without a message (probe period 300 s)`);
});

test("a login that is refused in a turn takes its siblings out, and another login answers", async (t) => {
  const rig = await rigOf(t, ["a/x", "a/y", "b/z", "c/w"], { a: "one", b: "one", c: "two" });
  rig.harness("a").script = failing(login);
  failFrom(rig.harness("a"), "L3", login);
  failFrom(rig.harness("b"), "L3", login);
  for (let i = 0; i < 10; i++) {
    await rig.say(`${i}`);
    await rig.run(SECOND);
  }
  const prompts = (id: string): number => rig.harness(id).prompts.length;
  assert.deepEqual([prompts("a"), prompts("b"), prompts("c")], [1, 0, 10]);
  t.diagnostic(`wasted tries 1 in 10 messages; siblings skipped`);
});

test("a model that doesn't exist costs one try, its sibling answers, and a thousand messages cost no more", async (t) => {
  const rig = await rigOf(t, ["a/nope", "a/x"], { a: "one" });
  const unknown: Failure = { class: "structural", code: "harness-model", detail: "404" };
  const harness = rig.harness("a");
  harness.probe = async (model, level) =>
    model === "nope" && level === "L3" ? { ok: false, level, failure: unknown } : { ok: true, level };
  const answer = harness.script;
  harness.script = (prompt, signal, spec) =>
    spec.model === "nope" ? failing(unknown)(prompt, signal, spec) : answer(prompt, signal, spec);
  for (let i = 0; i < 100; i++) {
    await rig.say(`${i}`);
    await rig.run(2 * SECOND);
  }
  const wasted = harness.prompts.filter(({ spec }) => spec.model === "nope").length;
  assert.equal(wasted, 1);
  const [first, second] = rig.availability.of("main");
  assert.deepEqual([first?.code, second?.available], ["harness-model", true]);
  t.diagnostic(`wasted tries ${wasted} in 100 messages over 200 s`);
});

test("a plan's limit: siblings skipped, nobody tried before its end, told until when, answered after it", async (t) => {
  const rig = await rigOf(t, ["a/x", "a/y", "b/z"], { a: "one", b: "one" });
  const until = rig.clock.now() + 20 * MINUTE;
  const answer = rig.harness("a").script;
  rig.harness("a").script = failing({ class: "wait", code: "harness-limit", until });
  await rig.say("hello");
  await rig.run(MINUTE);
  for (const state of rig.availability.of("main"))
    assert.deepEqual([state.available, state.code, state.until], [false, "harness-limit", until]);
  assert.match(rig.texts()[0] ?? "", /limit is reached; it will be answered after 2026-01-01 00:20 UTC/);
  rig.harness("a").script = answer;
  await rig.run(18 * MINUTE);
  assert.equal(tries(rig), 1);
  await rig.run(2 * MINUTE);
  assert.equal(tries(rig), 2);
  assert.equal(rig.texts().at(-1), "echo: hello");
  t.diagnostic(`wasted tries 0 beyond the one that met the limit, in 20 min with three candidates`);
});

test("a limit without a known end is looked at again after a minute, no attempt used", async (t) => {
  const rig = await rigOf(t, ["a/x"], { a: "one" });
  rig.harness("a").script = failing({ class: "wait", code: "harness-limit" });
  await rig.say("hello");
  await rig.run(HOUR / 2);
  assert.equal((await rig.store.counts()).dead, 0);
  assert.ok(tries(rig) <= 31, `${tries(rig)} tries`);
});

test("the real adapter tells them apart: 401, 404 and 429 of the model's service", async (t) => {
  const cases = ["login", "model", "limit"].map((id) => ({ id }));
  const rig = await startRig(t, cases, { control: { loggedIn: true } });
  const model = await rig.ask("model", "fake:error=404");
  const limit = await rig.ask("limit", "fake:error=429");
  for (const { harness } of [model, limit]) assert.equal(harness, "echo");
  assert.equal(rig.ends("model")[0]?.["code"], "harness-model");
  assert.equal(rig.ends("limit")[0]?.["code"], "harness-limit");
  const { code, until } = await rig.candidate("login");
  assert.equal(code, "harness-limit", "the login is the same, so the limit is");
  assert.ok(typeof until === "string" && Date.parse(until) > Date.now() + HOUR);
  const before = rig.claude.prompts().length;
  await rig.ask("login", "hello");
  assert.equal(rig.claude.prompts().length, before, "nobody is tried before the end of the limit");
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic(`until ${until}; tries after the limit was met: 0`);
});
