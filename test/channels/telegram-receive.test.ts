import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { DAY, SECOND } from "../../src/core/time.ts";
import type { Call } from "../fakes/telegram/server.ts";
import { PERSON } from "../fakes/telegram/people.ts";
import { until } from "../contracts/until.ts";
import { openRig, TOKEN, type RigOptions, type TelegramRig } from "./telegram-rig.ts";

let rig: TelegramRig;
async function opened(options: RigOptions = {}): Promise<TelegramRig> {
  rig = await openRig(options);
  return rig;
}
afterEach(() => rig.close());

const polls = (): readonly Call[] => rig.fake.calls.filter((call) => call.method === "getUpdates");
const texts = (): readonly string[] => rig.intake.messages.map((message) => message.body.text);

describe("Telegram, receiving", () => {
  it("counts as connected with the first poll, which doesn't wait", async () => {
    await opened();
    await rig.connect();
    assert.deepEqual([polls()[0]?.params["timeout"], polls()[1]?.params["timeout"]], [0, 30]);
    assert.deepEqual(polls()[0]?.params["allowed_updates"], ["message", "edited_message"]);
    assert.equal(rig.channel.state().name, "@rollcall_test_bot");
    assert.equal(rig.clock.monotonic(), 0);
  });

  it("stores the cursor with the batch and sends the offset only after", async () => {
    await opened();
    const first = rig.fake.say("one");
    rig.fake.say("two");
    rig.run();
    await until(() => rig.fake.confirmedOffset > 0, "confirmed");
    const [batch] = rig.intake.batches;
    const value = String(first.updateId + 1);
    assert.deepEqual(batch?.cursor, { channel: "telegram", account: "default", identity: "7001", value });
    assert.deepEqual(texts(), ["one", "two"]);
    assert.equal(rig.fake.confirmedOffset, first.updateId + 2);
    rig.fake.updates.close();
    await until(() => polls().length === 3, "polled once more");
    // What is confirmed isn't confirmed again: ids may begin anew below it.
    assert.deepEqual(
      polls().map((call) => call.params["offset"]),
      [undefined, first.updateId + 2, undefined],
    );
  });

  it("ends a hung poll within the long poll and 15 s, while sends work", async () => {
    await opened();
    rig.fake.script({ method: "getUpdates", times: 2, trouble: { kind: "hang" } });
    rig.run();
    await until(() => polls().length === 1, "polled");
    await rig.clock.advance(15 * SECOND);
    await until(() => rig.channel.state().status === "failing", "noticed");
    assert.equal(rig.channel.state().code, "channel-unreachable");
    await rig.clock.advance(SECOND);
    await until(() => polls().length === 2, "polled again");
    rig.fake.say("here");
    await rig.clock.advance(15 * SECOND + 2 * SECOND);
    await until(() => texts().length === 1, "received");
    assert.equal(rig.channel.state().status, "connected");
  });

  it("ends a long poll that hangs later on", async () => {
    await opened();
    await rig.connect();
    const hang = rig.fake.script({ method: "getUpdates", trouble: { kind: "hang" } });
    rig.fake.updates.close();
    await until(() => hang.left === 0, "hung");
    rig.fake.say("unheard");
    await rig.clock.advance(44 * SECOND);
    assert.equal(polls().length, 3);
    await rig.clock.advance(2 * SECOND);
    await until(() => texts().length === 1, "received");
    assert.deepEqual(texts(), ["unheard"]);
  });

  it("says that the token was refused, at the start and later", async () => {
    await opened();
    rig.fake.revoke();
    const refused = await rig.run().ended;
    assert.ok(refused instanceof RollcallError && refused.code === "token-refused");
    assert.equal(rig.channel.state().code, "token-refused");
    assert.doesNotMatch(JSON.stringify([rig.channel.state(), rig.log, refused.message]), new RegExp(TOKEN));
    rig.fake.revoke(false);
    const again = rig.run();
    await until(() => rig.fake.updates.polling, "polling");
    rig.fake.revoke();
    await rig.clock.advance(30 * SECOND);
    const later = await again.ended;
    assert.ok(later instanceof RollcallError && later.code === "token-refused");
  });

  it("tells of another program with the same token, and doesn't fight it", async () => {
    await opened();
    await rig.connect();
    const rival = await fetch(`${rig.fake.root}/bot${TOKEN}/getUpdates`);
    assert.equal(rival.status, 200);
    await until(() => rig.channel.state().status === "failing", "conflict seen");
    assert.equal(rig.channel.state().code, "channel-conflict");
    const before = polls().length;
    await rig.clock.advance(2 * SECOND);
    assert.equal(polls().length, before);
    await rig.clock.advance(2 * SECOND);
    await until(() => rig.fake.updates.polling, "polling again");
    assert.equal(rig.channel.state().status, "failing");
    rig.fake.say("after it");
    await until(() => texts().length === 1, "received");
    await rig.clock.advance(41 * SECOND);
    await until(() => rig.channel.state().status === "connected", "connected again");
  });

  it("takes a webhook away, and says so", async () => {
    await opened();
    rig.fake.setWebhook("https://example.org/hook");
    rig.fake.say("waiting");
    rig.run();
    await until(() => texts().length === 1, "received");
    assert.match(rig.channel.state().hints.join(), /webhook/);
    assert.ok(
      !("drop_pending_updates" in (rig.fake.calls.find((c) => c.method === "deleteWebhook")?.params ?? {})),
    );
  });

  it("waits as long as a 429 on the poll asks for", async () => {
    await opened();
    rig.fake.script({
      method: "getUpdates",
      trouble: {
        kind: "error",
        code: 429,
        description: "Too Many Requests",
        parameters: { retry_after: 30 },
      },
    });
    rig.run();
    await until(() => polls().length === 1, "polled");
    await rig.clock.advance(29 * SECOND);
    assert.equal(polls().length, 1);
    await rig.clock.advance(2 * SECOND);
    await until(() => rig.channel.state().status === "connected", "connected");
  });

  it("goes on in silence after one lost poll, and fails at the second", async () => {
    await opened();
    await rig.connect();
    rig.fake.script({ method: "getUpdates", times: 2, trouble: { kind: "drop" } });
    rig.fake.updates.close();
    await until(() => rig.log.some((line) => line.event === "telegram.poll_failed"), "lost one");
    assert.equal(rig.channel.state().status, "connected");
    await rig.clock.advance(SECOND);
    await until(() => rig.channel.state().status === "failing", "failing");
    await rig.clock.advance(3 * SECOND);
    await until(() => rig.channel.state().status === "connected", "back");
  });

  it("loses nothing when update ids begin anew below", async () => {
    await opened();
    rig.fake.say("before");
    await rig.connect();
    await until(() => texts().length === 1, "received");
    await until(() => rig.fake.updates.waiting.length === 0, "confirmed");
    rig.fake.updates.setNextId(5);
    rig.fake.say("below");
    await until(() => texts().length === 2, "received below");
    assert.deepEqual(texts(), ["before", "below"]);
    // A start right after it, with the high cursor still in the store.
    rig.cursors.set("telegram/default/7001", { value: "100001", at: rig.clock.now() });
    rig.fake.updates.setNextId(9);
    await rig.close();
  });

  it("starts with what isn't confirmed, whatever the cursor says", async () => {
    await opened();
    rig.cursors.set("telegram/default/7001", { value: "200000", at: rig.clock.now() });
    rig.fake.say("lower than the cursor");
    rig.run();
    await until(() => texts().length === 1, "received");
  });

  it("remembers talk of a group once, when a stop came between store and confirm", async () => {
    const group = -1001;
    await opened({ options: { groups: { [group]: {} } } });
    const said = rig.fake.sayInGroup(group, "just talking");
    rig.fake.sayInGroup(group, "@rollcall_test_bot you");
    rig.cursors.set("telegram/default/7001", { value: String(said.updateId), at: rig.clock.now() });
    rig.run();
    await until(() => rig.intake.items.length === 2, "received");
    assert.deepEqual(rig.intake.items[0], { kind: "ignored", reason: "came before the last stop" });
    assert.deepEqual(texts(), ["you"]);
  });

  it("drops a cursor of six silent days", async () => {
    const group = -1001;
    await opened({ options: { groups: { [group]: {} } } });
    const said = rig.fake.sayInGroup(group, "just talking");
    rig.cursors.set("telegram/default/7001", { value: String(said.updateId), at: rig.clock.now() - 6 * DAY });
    rig.run();
    await until(() => rig.intake.messages.length === 1, "received");
  });

  it("stops polling while the gateway takes nothing, and goes on by itself", async () => {
    await opened();
    await rig.connect();
    rig.intake.close({ code: "disk-low", detail: "1 MiB free", since: 0 });
    rig.fake.say("one");
    await until(() => rig.intake.offered.length > 0, "the open poll's answer");
    // What that poll brought came before the pause: only what follows waits.
    rig.intake.refuse(new RollcallError("disk-low"));
    rig.fake.say("two");
    await until(() => rig.channel.state().paused != null, "paused");
    assert.deepEqual(rig.channel.state().paused, { code: "disk-low", detail: "1 MiB free" });
    assert.equal(rig.channel.state().status, "connected", "sends go on");
    const before = polls().length;
    for (let i = 0; i < 60; i++) await rig.clock.advance(SECOND);
    assert.equal(polls().length, before);
    assert.equal(rig.fake.updates.waiting.length > 0, true, "the platform keeps what came");
    rig.intake.refuse(null);
    rig.intake.close(null);
    await rig.clock.advance(SECOND);
    await until(() => texts().includes("two"), "received");
    assert.equal(rig.channel.state().paused, null);
    assert.deepEqual(new Set(texts()), new Set(["one", "two"]));
  });

  it("gives the same update the same key each time, and an edit its own", async () => {
    await opened();
    const { updateId, messageId } = rig.fake.say("original");
    await rig.connect();
    for (let i = 0; i < 49; i++) rig.fake.updates.repeat(updateId);
    rig.fake.edit(messageId, "better");
    await until(() => texts().includes("better"), "received all");
    const keys = new Set(rig.intake.messages.map((message) => message.dedupeKey));
    assert.equal(keys.size, 2);
    assert.equal(rig.intake.messages.at(-1)?.body.edited, true);
  });

  it("moves on past updates that can't be read", async () => {
    await opened();
    for (const odd of [null, 7, "text", [], {}, { chat: 1 }, { chat: { id: "x" } }])
      rig.fake.updates.push("message", odd);
    rig.fake.updates.push("something_new", { a: 1 });
    rig.fake.say("readable");
    rig.run();
    await until(() => rig.fake.updates.waiting.length === 0, "confirmed");
    assert.deepEqual(texts(), ["readable"]);
    assert.equal(rig.intake.items.length, 9);
  });

  it("hints at the privacy mode only where it hides messages", async () => {
    await opened({ options: { groups: { "-5": { mention: false } } } });
    await rig.connect();
    assert.match(rig.channel.state().hints.join(), /privacy/);
    await rig.close();
    await opened({ options: { groups: { "-5": {} } } });
    await rig.connect();
    assert.deepEqual(rig.channel.state().hints, []);
  });

  it("writes the bot's menu once, and again when it changed", async () => {
    await opened();
    await rig.connect();
    await until(() => rig.notes.size === 1, "noted");
    assert.deepEqual(rig.fake.commands, [{ command: "help", description: "the commands" }]);
    const second = rig.run();
    const before = polls().length;
    rig.fake.say("something to poll for");
    await until(() => polls().length > before + 2, "second run");
    await second.stop();
    assert.equal(rig.fake.calls.filter((call) => call.method === "setMyCommands").length, 1);
  });

  it("shows that a message was seen and is worked on, and never minds a failure", async () => {
    await opened();
    await rig.connect();
    const { messageId } = rig.fake.say("hi");
    const address = { channel: "telegram", account: "default", conversation: String(PERSON) };
    rig.fake.script({ method: "setMessageReaction", trouble: { kind: "drop" } });
    rig.channel.acknowledge?.(address, String(messageId), "accepted");
    await until(() => rig.log.some((line) => line.event === "telegram.acknowledge_failed"), "failed");
    rig.channel.acknowledge?.(address, String(messageId), "accepted");
    rig.channel.acknowledge?.(address, null, "working");
    await until(() => rig.fake.chat(PERSON).actions.length === 1, "typing");
    await until(() => rig.fake.chat(PERSON).messages[0]?.reaction === "👀", "seen");
  });
});
