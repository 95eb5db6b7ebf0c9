import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Address } from "../../src/core/address.ts";
import type { DeliveryBody } from "../../src/core/delivery.ts";
import { SECOND } from "../../src/core/time.ts";
import type { SendOutcome, SendRequest } from "../../src/ports/channel.ts";
import { never, requestOf } from "../contracts/channel-suite.ts";
import { until } from "../contracts/until.ts";
import { settle } from "../fakes/clock.ts";
import type { FakeMessage } from "../fakes/telegram/chats.ts";
import { PERSON } from "../fakes/telegram/people.ts";
import {
  markdown,
  openRig,
  place,
  refusal,
  sentId,
  shownIn,
  TOKEN,
  type TelegramRig,
} from "./telegram-rig.ts";

const GROUP = -1001;
const direct = place(PERSON);
const group = place(GROUP);

let rig: TelegramRig;
beforeEach(async () => {
  rig = await openRig();
  rig.fake.say("hi");
  rig.fake.sayInGroup(GROUP, "hello all");
});
afterEach(() => rig.close());
const shown = (chat: number): readonly FakeMessage[] => shownIn(rig.fake, chat);
const send = (address: Address, body: DeliveryBody, more: Partial<SendRequest> = {}): Promise<SendOutcome> =>
  rig.channel.send(requestOf(address, body, more), never());

describe("Telegram, sending", () => {
  it("renders, quotes, keeps quiet, and finds the topic", async () => {
    rig.fake.sayInGroup(GROUP, "in a topic", { thread: 7 });
    const outcome = await send(place(GROUP, 7), markdown("**bold** <tag>", { quote: "1", silent: true }));
    const [message] = shown(GROUP);
    assert.equal(sentId(outcome), String(message?.messageId));
    assert.equal(message?.source, "<b>bold</b> &lt;tag&gt;");
    assert.deepEqual([message?.replyTo, message?.thread, message?.silent], [1, 7, true]);
    assert.equal(rig.fake.chat(GROUP).notifications, 0);
  });

  it("sends without the quote or the topic when they are gone", async () => {
    assert.equal((await send(group, markdown("a", { quote: "99" }))).kind, "sent");
    assert.equal((await send(place(GROUP, 44), markdown("b"))).kind, "sent");
    assert.equal(shown(GROUP).length, 2);
  });

  it("sends plain text at once when the markup isn't taken", async () => {
    rig.fake.script({
      method: "sendMessage",
      trouble: refusal(400, "Bad Request: can't parse entities: oops"),
    });
    await send(direct, markdown("**bold** and `code`"));
    assert.deepEqual(
      shown(PERSON).map((m) => m.source),
      ["bold and code"],
    );
  });

  it("marks a repeat", async () => {
    await send(direct, markdown("answer"), { repeat: true });
    assert.equal(shown(PERSON)[0]?.text, "↻ sent again:\nanswer");
  });

  it("tells what was not sent from what is in doubt", async () => {
    rig.fake.script({ method: "sendMessage", trouble: { kind: "drop" } });
    assert.equal((await send(direct, markdown("a"))).kind, "in-doubt");
    rig.fake.script({ method: "sendMessage", trouble: refusal(500, "Internal Server Error") });
    assert.equal((await send(direct, markdown("a"))).kind, "in-doubt");
    rig.fake.script({ method: "sendMessage", trouble: { kind: "status", status: 502, body: "<html>" } });
    assert.equal((await send(direct, markdown("a"))).kind, "in-doubt");
    await rig.clock.advance(10 * SECOND);
    rig.fake.script({ method: "sendMessage", trouble: { kind: "status", status: 413, body: "<html>" } });
    assert.equal((await send(direct, markdown("a"))).kind, "refused");
    await rig.fake.close();
    // Until the kept connection has noticed: on it, bytes would leave.
    await settle(20);
    assert.equal((await send(direct, markdown("a"))).kind, "not-sent");
  });

  it("ends a request that is never answered within 45 s, in doubt", async () => {
    const hang = rig.fake.script({ method: "sendMessage", trouble: { kind: "hang" } });
    let outcome: SendOutcome | undefined;
    void send(direct, markdown("a")).then((result) => (outcome = result));
    await until(() => hang.left === 0, "hung");
    await rig.clock.advance(45 * SECOND);
    await until(() => outcome !== undefined, "ended");
    assert.equal(outcome?.kind, "in-doubt");
    assert.equal(rig.clock.pending, 0);
  });

  it("stops at once when it is told to", async () => {
    const hang = rig.fake.script({ method: "sendMessage", trouble: { kind: "hang" } });
    const stop = new AbortController();
    const sending = rig.channel.send(requestOf(direct, markdown("a")), stop.signal);
    await until(() => hang.left === 0, "hung");
    stop.abort();
    assert.equal((await sending).kind, "in-doubt");
    assert.equal((await rig.channel.send(requestOf(direct, markdown("a")), stop.signal)).kind, "not-sent");
  });

  it("gives up for ever where the chat is gone, with one call", async () => {
    rig.fake.chat(PERSON).blocked = true;
    assert.equal((await send(direct, markdown("a"))).kind, "refused");
    assert.equal((await send(place(999), markdown("a"))).kind, "refused");
    assert.equal(rig.fake.calls.length, 2);
  });

  it("waits as long as a 429 says, in that chat only, until many chats are refused", async () => {
    const paced = (chat: number): void =>
      void rig.fake.script({
        method: "sendMessage",
        chat,
        trouble: refusal(429, "Too Many", { retry_after: 30 }),
      });
    paced(PERSON);
    assert.deepEqual(await send(direct, markdown("a")), { kind: "wait", after: 30 * SECOND, scope: "chat" });
    const calls = rig.fake.calls.length;
    assert.deepEqual(await send(direct, markdown("a")), { kind: "wait", after: 30 * SECOND, scope: "chat" });
    assert.equal(rig.fake.calls.length, calls, "a send went out early");
    assert.equal((await send(group, markdown("a"))).kind, "sent");
    await rig.clock.advance(30 * SECOND);
    assert.equal((await send(direct, markdown("a"))).kind, "sent");
    await rig.clock.advance(30 * SECOND);
    const scopes: unknown[] = [];
    for (const chat of [1, 2, 3]) {
      rig.fake.chat(chat);
      paced(chat);
      const outcome = await send(place(chat), markdown("a"));
      scopes.push(outcome.kind === "wait" ? outcome.scope : outcome.kind);
    }
    assert.deepEqual(scopes, ["chat", "chat", "account"]);
    assert.equal((await send(group, markdown("a"))).kind, "wait");
  });

  it("keeps messages while the token is refused", async () => {
    rig.fake.revoke();
    assert.deepEqual(await send(direct, markdown("a")), {
      kind: "wait",
      after: 5 * SECOND,
      scope: "account",
    });
  });

  it("follows a group that became a supergroup, and tells the gateway", async () => {
    const to = rig.fake.migrate(-55);
    assert.equal((await send(place(-55), markdown("a"))).kind, "sent");
    assert.equal(shown(to).length, 1);
    assert.deepEqual(rig.intake.items, [{ kind: "moved", from: place(-55), to: place(to) }]);
  });

  it("never sends its own token", async () => {
    await send(direct, markdown(`the token is ${TOKEN}`));
    assert.equal(shown(PERSON)[0]?.text, "the token is [removed]");
  });

  it("sends a text that is too long for one message as a file", async () => {
    await send(direct, { text: "line\n".repeat(2000), format: "plain" });
    const [message] = shown(PERSON);
    assert.equal(message?.file?.bytes.toString(), "line\n".repeat(2000));
    assert.ok((message?.text.length ?? 0) <= 1024);
  });

  it("keeps within the platform's pace by itself", async () => {
    for (let i = 0; i < 6; i++) {
      let outcome: SendOutcome | undefined;
      void send(direct, markdown(`part ${i}`)).then((result) => (outcome = result));
      await until(async () => {
        if (outcome === undefined) await rig.clock.advance(100);
        return outcome !== undefined;
      }, "sent");
      assert.equal(outcome?.kind, "sent");
    }
    assert.ok(rig.clock.monotonic() >= 2 * SECOND);
    assert.ok(rig.fake.calls.every((call) => call.outcome === "ok"));
  });
});
