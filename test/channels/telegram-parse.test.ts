import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseUpdate } from "../../src/channels/telegram/parse.ts";
import type { InboundMessage } from "../../src/ports/intake.ts";

const BOT = { id: "7001", username: "Rollcall_Bot", name: "Rollcall" };
const context = { account: "work", bot: BOT };
const person = { id: 42, is_bot: false, first_name: "Grace", last_name: "H", username: "grace" };
const direct = { id: 42, type: "private", first_name: "Grace" };
const group = { id: -1009, type: "supergroup", title: "Team" };

const parse = (message: object, kind = "message") =>
  parseUpdate(
    { update_id: 5, [kind]: { message_id: 3, date: 1_700_000_000, from: person, ...message } },
    context,
  );
function message(fields: object, kind?: string): InboundMessage {
  const item = parse(fields, kind);
  assert.ok(item.kind === "message", JSON.stringify(item));
  return item;
}
const inGroup = (text: string, entities: object[] = [], more: object = {}): InboundMessage =>
  message({ chat: group, text, entities, ...more });
const entity = (type: string, offset: number, length: number, more: object = {}): object => ({
  type,
  offset,
  length,
  ...more,
});

describe("parseUpdate", () => {
  it("reads a private message", () => {
    assert.deepEqual(message({ chat: direct, text: "hello" }), {
      kind: "message",
      address: { channel: "telegram", account: "work", conversation: "42" },
      dedupeKey: "7001:message:42:3",
      sender: { id: "42", name: "Grace H", username: "grace" },
      body: {
        text: "hello",
        attachments: [],
        chat: { kind: "direct" },
        sentAt: 1_700_000_000_000,
        platformId: "3",
      },
      addressed: true,
    });
  });

  it("gives an edit its own key, by the time of the edit", () => {
    const edited = message({ chat: direct, text: "better", edit_date: 1_700_000_060 }, "edited_message");
    assert.equal(edited.dedupeKey, "7001:edit:42:3:1700000060");
    assert.deepEqual([edited.body.edited, edited.body.sentAt], [true, 1_700_000_060_000]);
  });

  it("knows when it is meant in a group", () => {
    assert.equal(inGroup("hello all").addressed, false);
    assert.equal(inGroup("@rollcall_bot hi", [entity("mention", 0, 13)]).addressed, true);
    assert.equal(inGroup("@rollcall_bot_2 hi", [entity("mention", 0, 15)]).addressed, false);
    assert.equal(inGroup("@rollcall_bot hi", []).addressed, false, "only the platform's marks count");
    assert.equal(inGroup("Rolli hi", [entity("text_mention", 0, 5, { user: { id: 7001 } })]).addressed, true);
    assert.equal(inGroup("Other hi", [entity("text_mention", 0, 5, { user: { id: 8 } })]).addressed, false);
    assert.equal(inGroup("/status", [entity("bot_command", 0, 7)]).addressed, true);
    assert.equal(inGroup("/status@rollcall_bot", [entity("bot_command", 0, 20)]).addressed, true);
    const reply = {
      message_id: 1,
      from: { id: 7001, is_bot: true, first_name: "Rollcall" },
      text: "earlier",
    };
    assert.equal(inGroup("yes, that one", [], { reply_to_message: reply }).addressed, true);
    assert.equal(inGroup("hm", [], { reply_to_message: { ...reply, from: person } }).addressed, false);
  });

  it("leaves commands for other bots alone", () => {
    const item = parse({ chat: group, text: "/status@other_bot", entities: [entity("bot_command", 0, 17)] });
    assert.deepEqual(item, { kind: "ignored", reason: "a command for another bot" });
  });

  it("cuts its name off where it is only called by it", () => {
    const text = (said: string): string => {
      const at = said.toLowerCase().indexOf("@rollcall_bot");
      return inGroup(said, [entity("mention", at, 13)]).body.text;
    };
    assert.equal(text("@Rollcall_Bot, what now?"), "what now?");
    assert.equal(text("what now @rollcall_bot?"), "what now ?");
    assert.equal(text("ask @rollcall_bot about it"), "ask @rollcall_bot about it");
    assert.equal(text("@rollcall_bot"), "@rollcall_bot");
    assert.equal(inGroup("/new@rollcall_bot now", [entity("bot_command", 0, 17)]).body.text, "/new now");
    // Offsets are in UTF-16 units: what stands before may be beyond the basic plane.
    assert.equal(inGroup("😀😀 @rollcall_bot", [entity("mention", 5, 13)]).body.text, "😀😀");
  });

  it("turns code and hidden links into Markdown", () => {
    const text = "see docs run x = 1 a;";
    const entities = [
      entity("text_link", 4, 4, { url: "https://example.org/d" }),
      entity("code", 13, 5),
      entity("pre", 19, 2, { language: "js" }),
    ];
    assert.equal(
      inGroup(text, entities).body.text,
      "see [docs](https://example.org/d) run `x = 1` ```js\na;\n```",
    );
  });

  it("takes a thread only from topics", () => {
    const root = {
      message_id: 9,
      forum_topic_created: { name: "Builds" },
      from: { id: 7001, first_name: "x" },
    };
    const topic = inGroup("hi", [], { message_thread_id: 9, is_topic_message: true, reply_to_message: root });
    assert.equal(topic.address.thread, "9");
    assert.equal(topic.body.chat.topic, "Builds");
    assert.deepEqual(
      [topic.addressed, topic.body.quoted],
      [false, undefined],
      "a topic's first message is no quote",
    );
    assert.equal(inGroup("hi", [], { message_thread_id: 9 }).address.thread, undefined);
  });

  it("passes on what is quoted and where a forward comes from", () => {
    const replied = {
      message_id: 1,
      from: { ...person, first_name: "Alan", last_name: "T" },
      text: "the whole",
    };
    assert.deepEqual(inGroup("a", [], { reply_to_message: replied }).body.quoted, {
      author: "Alan T",
      text: "the whole",
    });
    const selected = { reply_to_message: replied, quote: { text: "whole", position: 4 } };
    assert.deepEqual(inGroup("a", [], selected).body.quoted, { author: "Alan T", text: "whole" });
    const external = {
      external_reply: {
        origin: { type: "channel", chat: { id: -3, title: "News" } },
        photo: [{ file_id: "p" }],
      },
    };
    assert.deepEqual(inGroup("a", [], external).body.quoted, { author: "News", text: "[image]" });
    const own = {
      message_id: 1,
      from: { id: 7001, is_bot: true, first_name: "Rollcall" },
      caption: "see plot",
    };
    assert.deepEqual(inGroup("a", [], { reply_to_message: own }).body.quoted, {
      author: "Rollcall (you)",
      text: "see plot",
    });
    const from = (origin: object): string | undefined =>
      message({ chat: direct, text: "x", forward_origin: origin }).body.forwardedFrom;
    assert.equal(from({ type: "user", sender_user: person }), "Grace H");
    assert.equal(from({ type: "hidden_user", sender_user_name: "Somebody" }), "Somebody");
    assert.equal(
      from({ type: "channel", chat: { id: -3, title: "News" }, author_signature: "Ed" }),
      "News (Ed)",
    );
  });

  it("knows who writes as a chat", () => {
    const anonymous = { from: { id: 1087968824, is_bot: true, first_name: "Group" }, sender_chat: group };
    assert.deepEqual(inGroup("x", [], anonymous).sender, { id: "-1009", name: "Team" });
  });

  it("reads files, the largest photo, albums", () => {
    const photo = [
      { file_id: "s", width: 90, height: 90, file_size: 10 },
      { file_id: "l", width: 1280, height: 960, file_size: 1000 },
      { file_id: "m", width: 320, height: 240, file_size: 100 },
    ];
    const album = message({ chat: direct, photo, caption: "three", media_group_id: "g1" });
    assert.deepEqual(album.body.attachments, [
      {
        kind: "image",
        name: "photo.jpg",
        mime: "image/jpeg",
        bytes: 1000,
        source: { kind: "platform", ref: "l" },
      },
    ]);
    assert.deepEqual([album.body.text, album.body.album], ["three", "g1"]);
    const kinds = ["document", "voice", "audio", "video", "video_note", "animation"].map(
      (key) => message({ chat: direct, [key]: { file_id: "f" } }).body.attachments[0]?.kind,
    );
    assert.deepEqual(kinds, ["document", "voice", "audio", "video", "video", "video"]);
    const named = { file_id: "f", file_name: "../../x.pdf", mime_type: "application/pdf", file_size: 5 };
    assert.equal(message({ chat: direct, document: named }).body.attachments[0]?.name, "../../x.pdf");
  });

  it("says in words what is neither text nor file", () => {
    const text = (fields: object): string => message({ chat: direct, ...fields }).body.text;
    assert.equal(text({ sticker: { file_id: "s", emoji: "🙂" } }), "[sticker 🙂]");
    assert.equal(text({ location: { latitude: 52.5, longitude: 13.4 } }), "[location 52.5, 13.4]");
    assert.equal(text({ contact: { first_name: "A", phone_number: "+49" } }), "[contact A +49]");
    assert.equal(
      text({ poll: { question: "Q", options: [{ text: "a" }, { text: "b" }] } }),
      "[poll: Q (a) (b)]",
    );
  });

  it("tells of a group that moved, from either side", () => {
    const place = (conversation: string) => ({ channel: "telegram", account: "work", conversation });
    const moved = { kind: "moved", from: place("-55"), to: place("-1009") };
    assert.deepEqual(parse({ chat: { id: -55, type: "group" }, migrate_to_chat_id: -1009 }), moved);
    assert.deepEqual(parse({ chat: group, migrate_from_chat_id: -55 }), moved);
  });

  it("ignores, with a reason, what isn't said to an agent", () => {
    const reason = (fields: object): string => {
      const item = parse(fields);
      return item.kind === "ignored" ? item.reason : item.kind;
    };
    assert.equal(reason({ chat: group, new_chat_members: [person] }), "a service message");
    assert.equal(
      reason({ chat: group, is_automatic_forward: true, text: "x" }),
      "a post of the linked channel",
    );
    assert.equal(
      reason({ chat: group, from: { id: 8, is_bot: true, first_name: "b" }, text: "x" }),
      "written by a bot",
    );
    assert.equal(reason({ chat: { id: -3, type: "channel" }, text: "x" }), "a channel's post");
    for (const kind of ["channel_post", "message_reaction", "callback_query"]) {
      assert.deepEqual(parseUpdate({ update_id: 1, [kind]: {} }, context), {
        kind: "ignored",
        reason: `update of kind ${kind}`,
      });
    }
  });

  it("keeps what can't be read, as it came and bounded, and who wrote it where that is plain", () => {
    const nested = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) as unknown;
    const kept = (update: unknown) => {
      const item = parseUpdate(update, context);
      assert.equal(item.kind, "unreadable");
      return item.kind === "unreadable" ? item : undefined;
    };
    const plain = kept({
      update_id: 7,
      message: { chat: { id: 5, type: "private" }, from: { id: 5 }, text: "x" },
    });
    assert.equal(plain?.from?.sender.id, "5");
    assert.match(plain?.raw ?? "", /"text":"x"/);
    const deep = kept({ update_id: 8, message: { chat: nested } });
    assert.equal(deep?.from, null);
    assert.match(deep?.raw ?? "", /can't be shown/);
    const long = kept({ update_id: 9, message: { note: "y".repeat(1_000_000) } });
    assert.equal(long?.raw.length, 16_384);
    const keys = [plain, deep, long].map((item) => item?.dedupeKey);
    assert.equal(new Set(keys).size, 3);
    assert.equal(
      kept({ update_id: 9, message: { note: "y".repeat(1_000_000) } })?.dedupeKey,
      long?.dedupeKey,
    );
  });

  it("never throws, whatever comes", () => {
    const keys = fc.constantFrom(
      "update_id",
      "message",
      "edited_message",
      "chat",
      "id",
      "type",
      "from",
      "text",
      "entities",
      "offset",
      "length",
      "message_id",
      "photo",
      "document",
      "file_id",
      "reply_to_message",
      "quote",
      "forward_origin",
      "caption",
      "date",
      "__proto__",
      "constructor",
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, true, 1, -1, 1e30, "private", "mention", "text", ""),
        fc.array(tie("json"), { maxLength: 3 }),
        fc.dictionary(keys, tie("json"), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(json, (update) => {
        assert.ok(["message", "ignored", "moved", "unreadable"].includes(parseUpdate(update, context).kind));
      }),
      { numRuns: 2000 },
    );
  });
});
