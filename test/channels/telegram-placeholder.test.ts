import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Address } from "../../src/core/address.ts";
import type { Delivery } from "../../src/core/delivery.ts";
import { SECOND } from "../../src/core/time.ts";
import type { SendOutcome, SendRequest } from "../../src/ports/channel.ts";
import { deliveryOf, never, requestOf } from "../contracts/channel-suite.ts";
import { until } from "../contracts/until.ts";
import type { FakeMessage } from "../fakes/telegram/chats.ts";
import { PERSON } from "../fakes/telegram/people.ts";
import { markdown, openRig, place, refusal, sentId, shownIn, type TelegramRig } from "./telegram-rig.ts";

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

  for (const editInDoubt of [true, false]) {
    it(`can't be written over by an edit that lands last, ${editInDoubt ? "" : "not "}told of it`, async () => {
      const id = await placeholder(group);
      const late = rig.fake.script({ method: "editMessageText", trouble: { kind: "hang" } });
      let edited: SendOutcome | undefined;
      void rig.channel.edit?.(group, id, "the ans", never()).then((result) => (edited = result));
      await until(() => late.left === 0, "hung");
      await rig.clock.advance(30 * SECOND);
      await until(() => edited !== undefined, "timed out");
      assert.equal(edited?.kind, "in-doubt");
      await rig.clock.advance(5 * SECOND);
      assert.equal((await rig.channel.edit?.(group, id, "the answ", never()))?.kind, "sent");
      await rig.clock.advance(5 * SECOND);
      await final(group, id, {}, { editInDoubt });
      late.release();
      await until(() => rig.fake.calls.some((call) => call.outcome === 400), "landed late");
      assert.deepEqual(
        shown(GROUP).map((m) => m.text),
        ["the answer"],
      );
    });
  }

  it("shows the end of a long beginning, and is never a file", async () => {
    const delivery = deliveryOf(direct, markdown("line of text\n".repeat(1000)), { kind: "progress" });
    await rig.channel.send({ ...requestOf(direct, delivery.body), delivery }, never());
    const [message] = shown(PERSON);
    assert.equal(message?.file, null);
    assert.ok(message?.text.startsWith("…") && message.text.endsWith("line of text"));
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
      trouble: refusal(400, "Bad Request: can't parse entities: x"),
    });
    assert.equal((await edit("_plain_"))?.kind, "sent");
    assert.equal(shown(PERSON)[0]?.source, "plain");
    await rig.clock.advance(5 * SECOND);
    assert.equal((await edit(`start\n\`\`\`js\n${"code();\n".repeat(2000)}end`))?.kind, "sent");
    const text = shown(PERSON)[0]?.text ?? "";
    assert.ok(text.startsWith("…") && text.endsWith("end") && text.length <= 4096);
  });
});
