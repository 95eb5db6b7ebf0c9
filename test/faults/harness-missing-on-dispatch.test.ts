import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { SECOND } from "../../src/core/time.ts";
import { createHarnessCheck } from "../../src/sessions/missing-harness.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";
import { keepLog } from "../fakes/quiet.ts";

const agents = [
  { id: "main", model: { primary: "a/x", fallbacks: [] } },
  { id: "other", model: { primary: "b/y", fallbacks: [] } },
];
const elsewhere = { channel: "telegram", account: "default", conversation: "200" };

/** Takes a harness out of the generation that serves, as no reload could: by sabotage. */
function lose(rig: Rig, harness: string): () => void {
  const registered = rig.generation.harnesses as Map<string, unknown>;
  const lost = registered.get(harness);
  registered.delete(harness);
  return () => void registered.set(harness, lost);
}

async function sabotaged(t: TestContext) {
  const rig = await createRig({ agents });
  t.after(() => rig.stop());
  return { rig, giveBack: lose(rig, "a") };
}

test("a declared harness that vanished from the registry holds its agent, never fails it, and is called out", async (t) => {
  const { rig, giveBack } = await sabotaged(t);
  const begun = rig.clock.monotonic();
  for (let i = 0; i < 10; i++) await rig.say(`${i}`);
  await rig.say("served", { agent: "other", address: elsewhere });
  await rig.run();
  const loud = rig.log.filter(({ event }) => event === "dispatch.harness_missing");
  const within = rig.clock.monotonic() - begun;
  assert.equal(loud.length, 1, "once, not once per message");
  assert.equal(loud[0]?.level, "fatal");
  assert.equal(loud[0]?.fields["harness"], "a");
  assert.deepEqual(rig.texts(), ["echo: served"], "the other agent goes on");

  await rig.run(96 * 60 * SECOND);
  const counts = await rig.store.counts();
  assert.equal(counts.dead, 0);
  assert.equal(counts.held, 10);
  assert.equal(rig.availability.of("main")[0]?.code, "harness-unregistered");
  assert.equal(rig.texts().filter((text) => text.includes("is saved")).length, 1);
  assert.ok(!rig.texts().some((text) => /registered|harness/i.test(text)), "no internal name in a chat");

  giveBack();
  await rig.run(2 * SECOND);
  await rig.say("/run all");
  await rig.run(2 * SECOND);
  assert.equal((await rig.store.counts()).held, 0);
  const answered = rig.texts().filter((text) => /^echo: \d/.test(text));
  assert.equal(answered.join("").replaceAll(/\D/g, ""), "0123456789", "in order");
  t.diagnostic(
    `called out within ${within} ms of the first dispatch; 10 held for 96 min, failed 0, answered 10`,
  );
});

test("the line says what tools search for, and is repeated once a minute while messages come", async () => {
  const clock = createFakeClock();
  const said: (string | undefined)[] = [];
  const log = {
    ...keepLog(),
    fatal: (_event: string, _fields: object, message?: string) => void said.push(message),
  };
  const check = createHarnessCheck({ clock, log });
  const generation = {
    number: 3,
    harnesses: new Map(),
    candidates: () => [{ harness: "claude-cli", model: "default" }],
  } as never;
  for (let i = 0; i < 90; i++) {
    check(generation, "main");
    await clock.advance(SECOND);
  }
  const line = '[gateway] CRITICAL: declared harness "claude-cli" missing from registry on dispatch';
  assert.deepEqual(said, [line, line]);
});

test("with a fallback the agent is served, and the lost harness is called out all the same", async (t) => {
  const rig = await createRig({ agents: [{ model: { primary: "a/x", fallbacks: ["b/y"] } }] });
  t.after(() => rig.stop());
  lose(rig, "a");
  await rig.say("hello");
  await rig.run();
  assert.match(rig.texts()[0] ?? "", /^_Answered by b\/y.*\n\necho: hello$/s);
  assert.equal(rig.log.filter(({ level }) => level === "fatal").length, 1);
});

test("a mistyped name of an agent is another thing: refused at the door, and nothing is called out", async (t) => {
  const rig = await createRig({ agents });
  t.after(() => rig.stop());
  assert.deepEqual(await rig.say("hello", { agent: "mian", role: "operator" }), {
    outcome: "refused",
    code: "agent-unknown",
  });
  await rig.run();
  assert.deepEqual(
    rig.log.filter(({ level }) => level === "fatal" || level === "error"),
    [],
  );
});
