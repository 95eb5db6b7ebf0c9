import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { SECOND } from "../../src/core/time.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";
import { failing, hang } from "../fakes/script-harness.ts";

async function rigFor(t: TestContext, options?: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  t.after(() => rig.stop());
  return rig;
}

async function ask(rig: Rig, text: string, change = {}): Promise<string> {
  const before = rig.texts().length;
  await rig.say(text, change);
  await rig.run();
  return rig.texts().slice(before).join("\n");
}

const owner = { config: { owners: ["telegram/default/100"] } };
const pairing = { direct: { policy: "pairing", allow: [] }, groups: {} } as const;

test("commands answer without the agent, also while its lane is busy", async (t) => {
  const rig = await rigFor(t);
  rig.harness("echo").script = hang;
  await rig.say("slow");
  await rig.run();
  assert.match(await ask(rig, "/whoami"), /id `100`, role paired.*`telegram\/default\/100`/);
  assert.match(await ask(rig, "/status"), /\*\*ready\*\*\.\nmain answers with echo\/default\./);
  assert.match(await ask(rig, "/start"), /\*\*main\*\*/);
  assert.equal(rig.harness("echo").prompts.length, 1);
});

test("help shows a role its own commands only", async (t) => {
  assert.doesNotMatch(await ask(await rigFor(t), "/help"), /\/approve/);
  assert.match(await ask(await rigFor(t, owner), "/help"), /\/approve/);
});

test("other slash words, and commands that a role may not use, go to the agent", async (t) => {
  const rig = await rigFor(t);
  assert.equal(await ask(rig, "/compact now"), "echo: /compact now");
  assert.equal(await ask(rig, "/held"), "echo: /held");
});

test("/new begins a session that knows nothing of the last one", async (t) => {
  const rig = await rigFor(t);
  await ask(rig, "remember me");
  await ask(rig, "/new");
  await ask(rig, "who am I?");
  const [first, second] = rig.harness("echo").prompts;
  assert.equal(first?.spec.resume, null);
  assert.equal(second?.spec.resume, null);
  assert.doesNotMatch(second?.text ?? "", /remember me/);
});

test("/model shows the candidates and chooses one for this chat", async (t) => {
  const rig = await rigFor(t, { agents: [{ model: { primary: "a/x", fallbacks: ["b/y"] } }] });
  assert.match(await ask(rig, "/model"), /→ a\/x \(usual\)\n {3}b\/y/);
  assert.match(await ask(rig, "/model y"), /uses b\/y/);
  assert.equal(await ask(rig, "hello"), "echo: hello");
  assert.equal(rig.harness("b").prompts.length, 1);
  assert.match(await ask(rig, "/model nonsense"), /There is no model like this here/);
  await ask(rig, "/model default");
  await ask(rig, "again");
  assert.equal(rig.harness("a").prompts.length, 1);
});

test("a stranger reads a code once, the owner admits them, and they are served", async (t) => {
  const rig = await rigFor(t, { ...owner, access: pairing });
  const stranger = {
    address: { channel: "telegram", account: "default", conversation: "7" },
    sender: { id: "7", name: "Eve" },
  };
  const told = await ask(rig, "hi", stranger);
  const code = /Your code is (\w{8})/.exec(told)?.[1] ?? "";
  assert.match(await ask(rig, "hi again", stranger), new RegExp(code));
  assert.equal(rig.harness("echo").prompts.length, 0);
  assert.match(await ask(rig, "/approve NOTACODE"), /That didn't work/);
  assert.match(await ask(rig, `/approve ${code.toLowerCase()}`), /Admitted/);
  assert.equal(await ask(rig, "now?", stranger), "echo: now?");
});

test("codes can't be guessed in bulk: a wrong one opens nothing, a used one is gone", async (t) => {
  const rig = await rigFor(t, { ...owner, access: pairing });
  const stranger = {
    address: { channel: "telegram", account: "default", conversation: "7" },
    sender: { id: "7", name: "Eve" },
  };
  const code = /Your code is (\w{8})/.exec(await ask(rig, "hi", stranger))?.[1] ?? "";
  await ask(rig, `/deny ${code}`);
  assert.match(await ask(rig, `/approve ${code}`), /That didn't work/);
  assert.equal(rig.harness("echo").prompts.length, 0);
});

test("/held lists what waits, with the reason in plain words", async (t) => {
  const rig = await rigFor(t, owner);
  rig.harness("echo").probes = { class: "structural", code: "harness-login", detail: "secret" };
  await rig.run(3 * SECOND);
  await rig.say("wait");
  await rig.run(SECOND);
  const told = await ask(rig, "/held");
  assert.match(told, /from Ada, for 1s: the agent's login has ended/);
  assert.doesNotMatch(told, /secret/);
});

test("/retry runs a failed message again, and only one's own", async (t) => {
  const rig = await rigFor(t);
  rig.harness("echo").script = failing({ class: "failed" });
  const accepted = await rig.say("one");
  await rig.run(300 * SECOND);
  const id = accepted.outcome === "accepted" ? accepted.entry.id : "";
  const other = {
    address: { channel: "telegram", account: "default", conversation: "7" },
    sender: { id: "7", name: "Eve" },
  };
  assert.match(await ask(rig, `/retry ${id}`, other), /no message like this/);
  rig.harness("echo").script = async function* () {
    yield { kind: "final", text: "better now", files: [], usage: null };
  };
  await rig.run(60 * SECOND);
  assert.match(
    await ask(rig, `/retry ${id}`),
    /It runs again\.[\s\S]*better now|better now[\s\S]*It runs again/,
  );
});

test("a group is served when the bot is meant, with what was said before", async (t) => {
  const access = {
    direct: { policy: "off", allow: [] },
    groups: { "-9": { mention: true, senders: ["*"], topics: {} } },
  } as const;
  const rig = await rigFor(t, { access });
  const group = {
    address: { channel: "telegram", account: "default", conversation: "-9" },
    addressed: false,
  };
  const chat = { chat: { kind: "group", title: "Team" } } as const;
  await rig.say("the build is red", group, chat);
  await rig.run();
  assert.equal(rig.harness("echo").prompts.length, 0);
  await rig.say("why?", { ...group, addressed: true, sender: { id: "8", name: "Bea" } }, chat);
  await rig.run();
  assert.match(rig.harness("echo").prompts[0]?.text ?? "", /said in the group: Ada: the build is red\n/);
  assert.deepEqual(rig.texts(), ["echo: why?"]);
});

test("what can't be passed on is refused and said, and counted", async (t) => {
  const rig = await rigFor(t);
  assert.match(await ask(rig, "x".repeat(200_001)), /too long to pass on/);
  assert.match(await ask(rig, "   "), /nothing to read/);
  assert.deepEqual(await rig.store.totals(), {
    received: 2,
    accepted: 0,
    duplicate: 0,
    ignored: 0,
    refused: 2,
  });
});

test("a group that became a supergroup is still the group of the configuration, with its session", async (t) => {
  const access = {
    direct: { policy: "off", allow: [] },
    groups: { "-9": { mention: false, senders: ["*"], topics: {} } },
  } as const;
  const rig = await rigFor(t, { access });
  const place = (conversation: string) => ({ channel: "telegram", account: "default", conversation });
  const chat = { chat: { kind: "group", title: "Team" } } as const;
  await rig.say("before", { address: place("-9") }, chat);
  await rig.run();
  const moved = { kind: "moved", from: place("-9"), to: place("-1009") } as const;
  await rig.pipeline.intake.accept({ channel: "telegram", account: "default", items: [moved] });
  await rig.say("after", { address: place("-1009") }, chat);
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: before", "echo: after"]);
  assert.equal(rig.channel.sent.at(-1)?.delivery.address.conversation, "-1009");
  assert.equal(rig.harness("echo").prompts[1]?.spec.resume, "native-1");
});
