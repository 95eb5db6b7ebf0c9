import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { MessageList } from "../../ui/src/api/client.ts";
import { readMessage } from "../../ui/src/api/read-message.ts";
import type { Message } from "../../ui/src/api/wire.ts";
import { conversationsOf, newConversation } from "../../ui/src/logic/conversations.ts";
import { mergeMessages, messagesOf, type KnownMessages } from "../../ui/src/logic/merge-messages.ts";
import { answerText, sharesAnswer, stateWords } from "../../ui/src/logic/message-state.ts";
import { loadedBy } from "../../ui/src/state/read-pages.ts";
import { ENTRY_STATES } from "../../src/core/entry.ts";

const NOTHING: KnownMessages = new Map();

function message(to: Record<string, unknown> = {}): Message {
  const base = {
    id: "m_1",
    state: "queued",
    channel: "web",
    account: "default",
    conversation: "main",
    agent: "main",
  };
  const read = readMessage({ ...base, text: "hello", acceptedAt: "2026-01-01T00:00:00.000Z", ...to });
  assert.ok(read);
  return read;
}

function words(to: Record<string, unknown>, activity: string | null = null): string {
  const { label, more } = stateWords(message(to), activity, () => "14:03");
  return more === null ? label : `${label}. ${more}`;
}

void describe("messages as the page knows them", () => {
  void it("reads what the API tells, and ignores what it doesn't know", () => {
    const read = message({
      hold: { code: "harness-login", since: "2026-01-01T00:00:01.000Z", incident: "i_1" },
      sender: { id: "1", name: "Somebody" },
      history: [{ at: "2026-01-01T00:00:00.000Z", event: "held", epoch: 3, code: "x", nested: { a: 1 } }],
      future: true,
    });
    assert.equal(read.hold?.since, Date.UTC(2026, 0, 1) + 1000);
    assert.equal(read.sender, "Somebody");
    assert.deepEqual(read.history?.[0]?.data, { epoch: "3", code: "x", nested: '{"a":1}' });
    assert.equal(readMessage({ id: "m_1", state: "unheard-of" }), undefined);
    assert.equal(readMessage("no"), undefined);
  });

  void it("takes the later request's word, in whatever order the answers come", () => {
    const states = ["queued", "running", "done"] as const;
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (order) => {
        let known = NOTHING;
        for (const ticket of order)
          known = mergeMessages(known, [message({ state: states[ticket] })], ticket);
        assert.equal(known.get("m_1")?.message.state, "done");
      }),
    );
  });

  void it("keeps a history that a list doesn't tell", () => {
    const whole = message({ history: [{ at: "2026-01-01T00:00:00.000Z", event: "accepted" }] });
    const known = mergeMessages(mergeMessages(NOTHING, [whole], 1), [message({ state: "done" })], 2);
    assert.equal(known.get("m_1")?.message.history?.length, 1);
    assert.equal(mergeMessages(known, [], 3), known);
  });

  void it("puts the messages of a conversation in order, and leaves other channels out", () => {
    const at = (time: string): string => `2026-01-01T00:00:${time}.000Z`;
    const known = mergeMessages(
      NOTHING,
      [
        message({ id: "m_3", acceptedAt: at("02") }),
        message({ id: "m_2", acceptedAt: at("01") }),
        message({ id: "m_1", acceptedAt: at("01") }),
        message({ id: "m_4", channel: "telegram" }),
        message({ id: "m_5", conversation: "other" }),
      ],
      1,
    );
    assert.deepEqual(
      messagesOf(known, "main").map(({ id }) => id),
      ["m_1", "m_2", "m_3"],
    );
  });

  void it("lists conversations, the latest first, with their first words as title", () => {
    const made = newConversation(Date.UTC(2026, 0, 1), 0.5);
    const known = mergeMessages(
      NOTHING,
      [
        message({
          id: "m_1",
          conversation: made,
          text: "Plan a trip\nto the sea",
          acceptedAt: "2026-01-03T00:00:00.000Z",
        }),
        message({
          id: "m_2",
          conversation: made,
          text: "more",
          state: "held",
          acceptedAt: "2026-01-04T00:00:00.000Z",
        }),
        message({ id: "m_3", conversation: "work", acceptedAt: "2026-01-02T00:00:00.000Z" }),
      ],
      1,
    );
    const open = newConversation(Date.UTC(2026, 0, 9), 0);
    assert.deepEqual(
      conversationsOf(known, [{ conversation: "work", text: "unsent", at: Date.UTC(2026, 0, 5) }], open).map(
        ({ title, mark }) => [title, mark],
      ),
      [
        ["New conversation", null],
        ["work", "working"],
        ["Plan a trip", "held"],
        ["Main", null],
      ],
    );
  });

  void it("says every state in plain words", () => {
    assert.equal(words({ state: "queued" }), "Waiting for its turn");
    assert.equal(words({ state: "running", attempts: 1 }), "Working");
    assert.equal(words({ state: "running", attempts: 2 }, "Bash"), "Using Bash (attempt 2)");
    const hold = { code: "harness-limit", since: "2026-01-01T00:00:00.000Z", incident: null };
    assert.equal(
      words({ state: "held", hold }),
      "Held since 14:03. Saved, and answered as soon as it can be: the plan's limit is reached.",
    );
    assert.match(words({ state: "held", hold: { ...hold, code: "turn-interrupted" } }), /^Interrupted\./);
    assert.match(
      words({ state: "held", hold: { ...hold, code: "from-the-future" } }),
      /the agent can't be reached/,
    );
    for (const state of ENTRY_STATES) assert.notEqual(words({ state }), "");
  });

  void it("offers only what the gateway allows", () => {
    const offers = (state: string): readonly string[] => stateWords(message({ state }), null, String).offers;
    assert.deepEqual(offers("queued"), ["cancel"]);
    assert.deepEqual(offers("running"), ["cancel"]);
    assert.deepEqual(offers("dead"), ["retry"]);
    assert.deepEqual(offers("done"), ["rerun"]);
    assert.deepEqual(offers("answered"), []);
  });

  void it("shows the answer, the gateway's own words, and files that were made", () => {
    assert.equal(answerText(message({ state: "running" })), null);
    assert.equal(answerText(message({ state: "done", reply: { text: "hi", files: [] } })), "hi");
    assert.match(
      answerText(message({ state: "done", reply: { text: "hi", files: ["a`b.txt"] } })) ?? "",
      /- `ab.txt`$/,
    );
    const deliveries = [{ kind: "command", state: "sent", text: "It runs again." }];
    assert.equal(answerText(message({ state: "done", kind: "control", deliveries })), "It runs again.");
    assert.equal(
      answerText(message({ state: "held", deliveries: [{ kind: "notice", text: "Saved." }] })),
      null,
    );
  });

  void it("shows one answer once where several messages were answered together", () => {
    const reply = { text: "both", files: [] };
    const first = message({ turn: "t_1", reply });
    assert.equal(sharesAnswer(first, message({ id: "m_2", turn: "t_1", reply })), true);
    assert.equal(sharesAnswer(first, message({ id: "m_2", turn: "t_2", reply })), false);
    assert.equal(sharesAnswer(message({ reply }), message({ id: "m_2", reply })), false);
  });
});

void describe("pages of messages", () => {
  const page = (ids: readonly string[], cursor: string | null): MessageList => ({
    messages: ids.map((id) => message({ id })),
    cursor,
  });

  void it("go on where they ended, whatever is read anew", () => {
    const first = loadedBy(page(["m_9", "m_8"], "c8"), null, undefined);
    const back = loadedBy(page(["m_7", "m_6"], "c6"), "c8", first);
    assert.deepEqual(back, { state: "ready", cursor: "c6", newest: "m_9" });
    const anew = loadedBy(page(["m_a", "m_9"], "c9"), null, back);
    assert.deepEqual(anew, { state: "ready", cursor: "c6", newest: "m_a" });
  });

  void it("begin anew when more was missed than one page holds", () => {
    const before = { state: "ready", cursor: "c6", newest: "m_9" } as const;
    assert.equal(loadedBy(page(["m_d", "m_c"], "cc"), null, before).cursor, "cc");
  });
});
