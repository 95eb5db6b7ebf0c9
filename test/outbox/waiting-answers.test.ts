import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";
import { createScriptChannel } from "../fakes/script-channel.ts";

async function rigFor(t: TestContext, options?: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  t.after(() => rig.stop());
  return rig;
}

/** Some messages of a chat, answered while the channel can't send, which then is back. */
async function outage(rig: Rig, span: number, messages: readonly string[]): Promise<void> {
  for (const text of messages) {
    await rig.say(text);
    await rig.run(2 * SECOND);
    rig.channel.status({ status: "failing", code: "channel-unreachable" });
    await rig.run(MINUTE);
  }
  await rig.run(span);
  rig.channel.status({ status: "connected", code: null });
  await rig.run(MINUTE);
}

async function down(
  rig: Rig,
  span: number,
  messages: readonly string[] = ["one", "two", "three"],
): Promise<void> {
  rig.channel.status({ status: "failing", code: "channel-unreachable" });
  await outage(rig, span, messages);
}

const states = async (rig: Rig): Promise<readonly string[]> =>
  (await rig.store.messages({ limit: 20 }))
    .filter(({ entry }) => entry.kind === "message")
    .map(({ entry }) => entry.state);

test("answers that waited for hours ask first: one message for each chat, whatever waits", async (t) => {
  const rig = await rigFor(t);
  await down(rig, 7 * HOUR);
  assert.equal(rig.texts().length, 1, rig.texts().join());
  assert.match(
    rig.texts()[0] ?? "",
    /^3 answers from 2026-01-01 00:00 UTC on are waiting here: .* up to 7h.*\n\/show to get them\n\/skip to drop them$/,
  );
  assert.deepEqual(await states(rig), ["answered", "answered", "answered"]);
  await rig.say("four");
  await rig.run(MINUTE);
  assert.deepEqual(rig.texts().slice(1), ["echo: four"], "what is new goes on");
});

test("/show sends them, in order, and each is sent as any other", async (t) => {
  const rig = await rigFor(t);
  await down(rig, 7 * HOUR);
  await rig.say("/show");
  await rig.run(MINUTE);
  assert.deepEqual(rig.texts().slice(1).toSorted(), ["3 answers will be here in a moment.", "echo: one", "echo: three", "echo: two"].toSorted()); // prettier-ignore
  assert.deepEqual(rig.texts().filter((text) => text.startsWith("echo")), ["echo: one", "echo: two", "echo: three"]); // prettier-ignore
  assert.deepEqual(await states(rig), ["done", "done", "done"]);
});

test("/skip drops them; their messages still show the reply", async (t) => {
  const rig = await rigFor(t);
  await down(rig, 7 * HOUR, ["one", "two"]);
  await rig.say("/skip answers");
  await rig.run(MINUTE);
  assert.deepEqual(rig.texts().slice(1), ["2 answers dropped."]);
  const [last] = (await rig.store.messages({ limit: 20 })).filter(({ entry }) => entry.kind === "message");
  assert.deepEqual([last?.entry.state, last?.reply?.text], ["dead", "echo: two"]);
  await rig.say("/show answers");
  await rig.run(MINUTE);
  assert.equal(rig.texts().at(-1), "No answers are waiting here.");
});

test("an outage of less than the limit asks nothing", async (t) => {
  const rig = await rigFor(t);
  await down(rig, 5 * HOUR);
  assert.deepEqual(rig.texts(), ["echo: one", "echo: two", "echo: three"]);
});

test("a gateway that was down asks as well; what its channel asked for is not asked about again", async () => {
  const first = await createRig();
  first.channel.status({ status: "failing" });
  await first.say("one");
  await first.run(MINUTE);
  await first.stop();
  await first.clock.advance(8 * HOUR);
  const next = await createRig({ disk: first.disk, clock: first.clock });
  await next.pipeline.outbox.recover();
  await next.run(MINUTE);
  assert.match(
    next.texts()[0] ?? "",
    /^An answer from .* is waiting here: it couldn't be sent for 8h.*\n\/show to get it/,
  );
  next.channel.outcomes.push({ kind: "sent", platformId: "p" }, { kind: "not-sent", detail: "x" });
  await next.say("/show");
  await next.run(MINUTE);
  assert.equal(next.texts().filter((text) => text === "echo: one").length >= 1, true);
  assert.deepEqual(await states(next), ["done"]);
  await next.stop();
});

test("nobody's word within a week ends them", async (t) => {
  const rig = await rigFor(t);
  await rig.pipeline.outbox.recover();
  await down(rig, 7 * HOUR, ["one"]);
  rig.clock.jump(6 * DAY);
  await rig.run(HOUR);
  assert.deepEqual(await states(rig), ["answered"]);
  rig.clock.jump(DAY);
  await rig.run(HOUR);
  assert.deepEqual(await states(rig), ["dead"]);
  assert.equal((await rig.store.messages({ limit: 1 }))[0]?.reply?.text, "echo: one");
});

test("where a send disturbs nobody, old answers go without a question", async (t) => {
  const rig = await rigFor(t, { channel: createScriptChannel("telegram", { quiet: true }) });
  await down(rig, 7 * HOUR, ["one"]);
  assert.deepEqual(rig.texts(), ["echo: one"]);
});

test("with messages that wait for a word too, the command asks which ones are meant", async (t) => {
  const rig = await rigFor(t);
  await down(rig, 7 * HOUR, ["one"]);
  rig.harness("echo").probes = { class: "structural", code: "harness-missing", detail: "gone" };
  await rig.run(MINUTE);
  await rig.say("held");
  await rig.run(HOUR);
  rig.harness("echo").probes = null;
  await rig.run(2 * MINUTE);
  await rig.say("/show");
  await rig.run(MINUTE);
  assert.match(
    rig.texts().at(-1) ?? "",
    /^Which ones\? \/show answers is for the answers that wait here, \/show m_\w+ for a message/,
  );
});
