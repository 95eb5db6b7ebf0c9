import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Address } from "../../src/core/address.ts";
import type { Delivery, DeliveryBody } from "../../src/core/delivery.ts";
import { SECOND } from "../../src/core/time.ts";
import type { SendOutcome, SendRequest } from "../../src/ports/channel.ts";
import { deliveryOf, never, requestOf } from "../contracts/channel-suite.ts";
import { until } from "../contracts/until.ts";
import { settle } from "../fakes/clock.ts";
import type { FakeMessage } from "../fakes/telegram/chats.ts";
import { PERSON } from "../fakes/telegram/people.ts";
import { openRig, TOKEN, type TelegramRig } from "./telegram-rig.ts";

const GROUP = -1001;
const place = (conversation: number, thread?: number): Address => ({
  channel: "telegram",
  account: "default",
  conversation: String(conversation),
  ...(thread !== undefined && { thread: String(thread) }),
});
const direct = place(PERSON);
const group = place(GROUP);
const markdown = (text: string, more: Partial<DeliveryBody> = {}): DeliveryBody => ({
  text,
  format: "markdown",
  ...more,
});

let rig: TelegramRig;
beforeEach(async () => {
  rig = await openRig();
  rig.fake.say("hi");
  rig.fake.sayInGroup(GROUP, "hello all");
});
afterEach(() => rig.close());

const send = (address: Address, body: DeliveryBody, more: Partial<SendRequest> = {}): Promise<SendOutcome> =>
  rig.channel.send(requestOf(address, body, more), never());
const shown = (chat: number): readonly FakeMessage[] =>
  rig.fake.chat(chat).messages.filter((message) => message.fromBot && !message.deleted);
const sentId = (outcome: SendOutcome): string =>
  outcome.kind === "sent" ? outcome.platformId : outcome.kind;
const error = (code: number, description: string, parameters?: Readonly<Record<string, unknown>>) =>
  ({ kind: "error", code, description, ...(parameters && { parameters }) }) as const;

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
      trouble: error(400, "Bad Request: can't parse entities: oops"),
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
    rig.fake.script({ method: "sendMessage", trouble: error(500, "Internal Server Error") });
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
        trouble: error(429, "Too Many", { retry_after: 30 }),
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
      after: 30 * SECOND,
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

describe("Telegram, the placeholder of an answer", () => {
  const placeholder = async (address: Address): Promise<string> => {
    const delivery = deliveryOf(address, markdown("…", { silent: true }), {
      kind: "progress",
      key: "progress:t",
    });
    return sentId(await rig.channel.send({ ...requestOf(address, delivery.body), delivery }, never()));
  };
  const final = (
    address: Address,
    platformId: string,
    more: Partial<Delivery> = {},
    request: Partial<SendRequest> & { editInDoubt?: boolean; sentAt?: number } = {},
  ): Promise<SendOutcome> => {
    const { editInDoubt = false, sentAt = rig.clock.now(), ...rest } = request;
    const delivery = deliveryOf(address, markdown("the answer"), { createdAt: rig.clock.now(), ...more });
    return rig.channel.send(
      {
        ...requestOf(address, delivery.body),
        delivery,
        replaces: { platformId, sentAt, editInDoubt },
        ...rest,
      },
      never(),
    );
  };

  it("gives way to a new message in a private chat, which notifies once", async () => {
    const id = await placeholder(direct);
    assert.equal(rig.fake.chat(PERSON).notifications, 0);
    await final(direct, id);
    assert.deepEqual(
      shown(PERSON).map((m) => m.text),
      ["the answer"],
    );
    assert.equal(rig.fake.chat(PERSON).notifications, 1);
  });

  it("becomes the answer in a group when that is quick", async () => {
    const id = await placeholder(group);
    assert.equal(sentId(await final(group, id)), id);
    assert.deepEqual(
      shown(GROUP).map((m) => [m.text, m.edits.length]),
      [["the answer", 1]],
    );
  });

  it("gives way to a new message in a group after 20 s", async () => {
    const id = await placeholder(group);
    const sentAt = rig.clock.now();
    await rig.clock.advance(21 * SECOND);
    await final(group, id, { body: markdown("the answer", { quote: "1" }) }, { sentAt });
    assert.deepEqual(
      shown(GROUP).map((m) => [m.text, m.replyTo]),
      [["the answer", 1]],
    );
  });

  it("is edited again after an edit in doubt, without a mark and without a copy", async () => {
    const id = await placeholder(group);
    rig.fake.script({ method: "editMessageText", trouble: { kind: "lose" } });
    const sentAt = rig.clock.now();
    const createdAt = rig.clock.now();
    assert.equal((await final(group, id, { createdAt }, { sentAt })).kind, "in-doubt");
    await rig.clock.advance(30 * SECOND);
    assert.equal(sentId(await final(group, id, { createdAt }, { sentAt, repeat: true })), id);
    assert.deepEqual(
      shown(GROUP).map((m) => m.text),
      ["the answer"],
    );
  });

  it("can't be written over by an edit that lands last", async () => {
    const id = await placeholder(group);
    const late = rig.fake.script({ method: "editMessageText", trouble: { kind: "hang" } });
    let edited: SendOutcome | undefined;
    void rig.channel.edit?.(group, id, "the ans", never()).then((result) => (edited = result));
    await until(() => late.left === 0, "hung");
    await rig.clock.advance(30 * SECOND);
    await until(() => edited !== undefined, "timed out");
    assert.equal(edited?.kind, "in-doubt");
    await final(group, id, {}, { editInDoubt: true });
    late.release();
    await until(() => rig.fake.calls.some((call) => call.outcome === 400), "landed late");
    assert.deepEqual(
      shown(GROUP).map((m) => m.text),
      ["the answer"],
    );
  });

  it("may have been deleted: the answer is sent anew", async () => {
    const id = await placeholder(group);
    for (const message of rig.fake.chat(GROUP).messages) if (message.fromBot) message.deleted = true;
    await final(group, id);
    assert.deepEqual(
      shown(GROUP).map((m) => m.text),
      ["the answer"],
    );
  });

  it("may stay when it can't be deleted: the answer is there", async () => {
    const id = await placeholder(direct);
    rig.fake.script({ method: "deleteMessage", trouble: { kind: "drop" } });
    assert.equal((await final(direct, id)).kind, "sent");
    assert.equal(shown(PERSON).at(-1)?.text, "the answer");
  });

  it("shows a growing answer: rendered, plain when need be, its end when it is long", async () => {
    const id = await placeholder(direct);
    await rig.clock.advance(5 * SECOND);
    const edit = (text: string): Promise<SendOutcome> | undefined =>
      rig.channel.edit?.(direct, id, text, never());
    assert.equal((await edit("**so far**"))?.kind, "sent");
    assert.equal((await edit("**so far**"))?.kind, "sent", "not modified means that it is there");
    assert.equal((await edit("one more"))?.kind, "wait", "an edit leaves room for the answer");
    await rig.clock.advance(5 * SECOND);
    rig.fake.script({
      method: "editMessageText",
      trouble: error(400, "Bad Request: can't parse entities: x"),
    });
    assert.equal((await edit("_plain_"))?.kind, "sent");
    assert.equal(shown(PERSON)[0]?.source, "plain");
    await rig.clock.advance(5 * SECOND);
    assert.equal((await edit(`start\n\`\`\`js\n${"code();\n".repeat(2000)}end`))?.kind, "sent");
    const text = shown(PERSON)[0]?.text ?? "";
    assert.ok(text.startsWith("…") && text.endsWith("end") && text.length <= 4096);
  });
});

describe("Telegram, files", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "rollcall-telegram-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const sendFile = (name: string, content: string | Buffer): Promise<SendOutcome> => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    const [body] = rig.channel.plan(
      { text: "", files: [file] },
      { address: direct, quote: null, chat: "direct" },
    );
    assert.ok(body !== undefined);
    return send(direct, body);
  };

  it("sends an image as a photo, anything else as a document", async () => {
    await sendFile("plot.png", Buffer.from("\x89PNG....", "latin1"));
    await sendFile("данные ü.csv", "a,b\n1,2\n");
    assert.deepEqual(
      shown(PERSON).map((m) => [m.file?.kind, m.file?.name]),
      [
        ["photo", "plot.png"],
        ["document", "данные ü.csv"],
      ],
    );
    assert.equal(shown(PERSON)[1]?.file?.bytes.toString(), "a,b\n1,2\n");
  });

  it("sends an image that Telegram can't show as a document", async () => {
    assert.equal((await sendFile("odd.png", "not an image")).kind, "sent");
    assert.equal(shown(PERSON)[0]?.file?.kind, "document");
  });

  it("sends a text that is the file itself", async () => {
    const file = { path: "", name: "answer.md", mime: "text/markdown", content: "# All of it" };
    await send(direct, { text: "", format: "plain", file });
    assert.equal(shown(PERSON)[0]?.file?.bytes.toString(), "# All of it");
  });

  it("refuses what isn't there, and names no path", async () => {
    const file = { path: path.join(folder, "missing.pdf"), name: "missing.pdf", mime: "application/pdf" };
    const outcome = await send(direct, { text: "", format: "plain", file });
    assert.equal(outcome.kind, "refused");
    assert.doesNotMatch(JSON.stringify(outcome), /missing|tmp/);
    assert.equal((await sendFile("empty.txt", "")).kind, "refused");
  });
});
