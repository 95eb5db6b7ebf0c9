import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseAddress } from "../../src/core/address.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";
import { createScriptChannel } from "../fakes/script-channel.ts";
import { hang } from "../fakes/script-harness.ts";

async function rigFor(t: TestContext, options?: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  t.after(() => rig.stop());
  return rig;
}

const chat = parseAddress("telegram/default/100") ?? { channel: "", account: "", conversation: "" };

test("what never left us is sent again for as long as it takes, without a mark", async (t) => {
  const rig = await rigFor(t);
  for (let i = 0; i < 12; i++) rig.channel.outcomes.push({ kind: "not-sent", detail: "refused" });
  await rig.pipeline.operate.notify(chat, "hello", null);
  await rig.run(30 * MINUTE);
  assert.equal(rig.channel.sent.length, 13);
  assert.ok(rig.channel.sent.every(({ repeat }) => !repeat));
});

test("what is in doubt is repeated with a mark, and given up after eight tries", async (t) => {
  const rig = await rigFor(t);
  for (let i = 0; i < 20; i++) rig.channel.outcomes.push({ kind: "in-doubt", detail: "lost" });
  const { key } = await rig.pipeline.operate.notify(chat, "hello", null);
  await rig.run(30 * MINUTE);
  assert.deepEqual(
    rig.channel.sent.map(({ repeat }) => repeat),
    [false, ...Array<boolean>(7).fill(true)],
  );
  assert.equal((await rig.store.delivery(key))?.state, "dead");
});

test("a refusal for ever isn't tried again, and the chat's next delivery goes on", async (t) => {
  const rig = await rigFor(t);
  rig.channel.outcomes.push({ kind: "refused", detail: "blocked" });
  await rig.pipeline.operate.notify(chat, "one", null);
  await rig.pipeline.operate.notify(chat, "two", null);
  await rig.run(MINUTE);
  assert.deepEqual(rig.texts(), ["one", "two"]);
});

test("pacing of a chat holds this chat alone, pacing of the account holds all", async (t) => {
  const rig = await rigFor(t);
  const other = { ...chat, conversation: "200" };
  rig.channel.outcomes.push({ kind: "wait", after: 30 * SECOND, scope: "chat" });
  await rig.pipeline.operate.notify(chat, "paced", null);
  await rig.pipeline.operate.notify(other, "free", null);
  await rig.run(29 * SECOND);
  assert.deepEqual(rig.texts(), ["paced", "free"]);
  await rig.run(2 * SECOND);
  assert.deepEqual(rig.texts(), ["paced", "free", "paced"]);
  rig.channel.outcomes.push({ kind: "wait", after: 30 * SECOND, scope: "account" });
  await rig.pipeline.operate.notify(chat, "all wait", null);
  await rig.run();
  await rig.pipeline.operate.notify(other, "also", null);
  await rig.run(29 * SECOND);
  assert.equal(rig.texts().length, 4);
  await rig.run(2 * SECOND);
  assert.deepEqual(rig.texts().slice(4).toSorted(), ["all wait", "also"]);
});

test("nothing is tried before the channel is connected", async (t) => {
  const rig = await rigFor(t);
  rig.channel.status({ status: "failing", code: "channel-unreachable" });
  await rig.pipeline.operate.notify(chat, "hello", null);
  await rig.run(MINUTE);
  assert.equal(rig.channel.sent.length, 0);
  rig.channel.status({ status: "connected", code: null });
  await rig.run();
  assert.deepEqual(rig.texts(), ["hello"]);
});

test("a send that never ends is cut off and in doubt", async (t) => {
  const rig = await rigFor(t);
  rig.channel.outcomes.push("hang");
  await rig.pipeline.operate.notify(chat, "hello", null);
  await rig.run(11 * MINUTE);
  assert.deepEqual(
    rig.channel.sent.map(({ repeat }) => repeat),
    [false, true],
  );
});

test("what was being sent when the gateway ended is in doubt at the next start", async () => {
  const rig = await createRig();
  rig.channel.outcomes.push("hang");
  await rig.say("hello");
  await rig.run();
  assert.equal(rig.channel.sent.length, 1);
  const next = await createRig({ disk: rig.disk, clock: rig.clock });
  assert.deepEqual(await next.pipeline.outbox.recover(), { ready: 0, inDoubt: 1 });
  await next.run(10 * SECOND);
  assert.deepEqual(
    next.channel.sent.map(({ repeat }) => repeat),
    [true],
  );
  await next.stop();
  await rig.stop();
});

test("a late owner's receipt changes nothing", async () => {
  const rig = await createRig();
  rig.harness("echo").script = hang;
  await rig.say("hello");
  await rig.run();
  const next = await createRig({ disk: rig.disk, clock: rig.clock });
  await rig.stop();
  await next.run();
  assert.deepEqual(
    [...rig.texts(), ...next.texts()],
    [],
    "the old owner was fenced off before it could answer",
  );
  await next.stop();
});

test("an answer that takes long is shown by silent edits of one message, strictly one after another", async (t) => {
  const channel = createScriptChannel("telegram", { progress: "edits" });
  const rig = await rigFor(t, { channel });
  const steps = [1, 2, 3, 4].map(() => Promise.withResolvers<void>());
  rig.harness("echo").script = async function* () {
    for (const [i, step] of steps.entries()) {
      yield { kind: "text", delta: `${i} ` };
      await step.promise;
    }
    yield { kind: "final", text: "0 1 2 3", files: [], usage: null };
  };
  await rig.say("count");
  for (const step of steps) {
    await rig.run(2 * SECOND);
    step.resolve();
  }
  await rig.run(2 * SECOND);
  const [placeholder, reply] = channel.sent;
  assert.equal(placeholder?.delivery.kind, "progress");
  assert.equal(placeholder?.delivery.body.silent, true);
  assert.deepEqual(
    channel.edits.map(({ text }) => text),
    ["0 1 ", "0 1 2 ", "0 1 2 3 "],
  );
  assert.equal(reply?.delivery.body.text, "0 1 2 3");
  assert.equal(reply?.replaces?.platformId, "p1");
  assert.equal(channel.sent.length, 2);
});
