import assert from "node:assert/strict";
import {
  accept,
  acceptOne,
  answered,
  answerOf,
  AT,
  claim,
  delivery,
  entryNow,
  messageId,
  moveOf,
  newEntry,
  parts,
  PROMPTED,
  send,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

export const deadCases: StoreCases = {
  "why a message failed for good is kept until it is tried again": async ({ store, reopen }) => {
    const entry = await acceptOne(store, 1);
    const data = { code: "harness-failed", detail: "500" };
    await store.move([moveOf(entry, "dead", { event: "dead", data })], [], AT + 7);
    const why = { code: "harness-failed", detail: "500", at: AT + 7 };
    assert.deepEqual((await store.message(entry.id))?.dead, why);
    assert.deepEqual((await store.messages({ states: ["dead"], limit: 1 }))[0]?.dead, why);
    const again = await reopen();
    const [reason] = await again.deadReasons();
    assert.deepEqual(
      [reason?.code, reason?.count, reason?.message, reason?.since],
      ["harness-failed", 1, entry.id, AT + 7],
    );
    await again.move([moveOf(await entryNow(again, entry.id), "queued")], [], AT);
    assert.deepEqual(await again.deadReasons(), []);
    assert.equal((await again.message(entry.id))?.dead, undefined);
  },

  "reasons are counted apart, the most frequent first, and what is newer has a higher number": async ({
    store,
  }) => {
    const [a, b, c, d] = await accept(store, newEntry(1), newEntry(2), newEntry(3), newEntry(4));
    assert.ok(a && b && c && d);
    await store.move([moveOf(a, "dead", { event: "hold-expired" })], [], AT);
    await store.move([moveOf(c, "dead", { data: { code: "harness-failed" } })], [], AT);
    await store.move([moveOf(b, "dead", { data: { code: "harness-failed" } })], [], AT);
    await store.move([moveOf(d, "quarantined", { data: { code: "harness-failed" } })], [], AT);
    const reasons = await store.deadReasons();
    assert.deepEqual(
      reasons.map(({ state, code, count, message }) => [state, code, count, message]),
      [
        ["dead", "harness-failed", 2, b.id],
        ["dead", "hold-expired", 1, a.id],
        ["quarantined", "harness-failed", 1, d.id],
      ],
    );
    assert.ok((reasons[0]?.newest ?? 0) > (reasons[1]?.newest ?? 0));
    const retried = await entryNow(store, b.id);
    await store.move([moveOf(retried, "queued")], [], AT);
    await store.move([moveOf({ ...retried, state: "queued" }, "dead", { event: "dead" })], [], AT);
    const newest = Math.max(...(await store.deadReasons()).map((reason) => reason.newest));
    assert.ok(newest > (reasons[0]?.newest ?? 0), "a number is never used twice");
  },

  "dead messages are given oldest first, in pages, of one agent or of all": async ({ store }) => {
    const other = { agent: "other" };
    const entries = await accept(store, newEntry(1), newEntry(2, other), newEntry(3), newEntry(4));
    for (const entry of entries.slice(0, 3)) await store.move([moveOf(entry, "dead")], [], AT);
    const set = entries[3] ?? assert.fail();
    await store.move([moveOf(set, "quarantined")], [], AT);
    const page = await store.deadMessages(null, 0, 2);
    assert.deepEqual(
      page.map(({ entry }) => entry.id),
      ["m_1", "m_2"],
    );
    const ids = async (agent: string | null, after: number) =>
      (await store.deadMessages(agent, after, 10)).map(({ entry }) => entry.id);
    assert.deepEqual(await ids(null, page[1]?.n ?? 0), ["m_3"]);
    assert.deepEqual(await ids("main", 0), ["m_1", "m_3"]);
    assert.deepEqual(await ids("nobody", 0), []);
  },

  "an answer that couldn't be delivered says what the platform said": async ({ store }) => {
    await answered(store, 1);
    const open = (await store.delivery("reply:t_1:0")) ?? assert.fail();
    await store.sending(open.id, "ready", 0, AT);
    await store.settle(open.id, 1, { state: "dead", detail: "the bot was blocked" }, AT + 9);
    const { dead, history } = (await store.message(messageId("m_1"))) ?? assert.fail();
    assert.deepEqual(dead, { code: "reply-undelivered", detail: "the bot was blocked", at: AT + 9 });
    assert.deepEqual(history.at(-1)?.data, { code: "reply-undelivered", detail: "the bot was blocked" });
  },

  "every message of a turn has the sends of its answer in its life, in order": async ({ store }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    await store.prompted(turn, PROMPTED);
    const last = entries[1] ?? assert.fail();
    const notice = delivery("notice:own", { kind: "notice", entry: last.id });
    assert.equal(await store.answer(turn, answerOf([...parts(turn, last, 1), notice])), true);
    await send(store, "notice:own");
    await send(store, "reply:t_1:0");
    const events = async (id: string) =>
      ((await store.message(messageId(id)))?.history ?? []).map(({ event }) => event);
    const turns = ["accepted", "claimed", "prompted", "answered"];
    assert.deepEqual(await events("m_1"), [...turns, "sending", "sent", "done"]);
    assert.deepEqual(await events("m_2"), [...turns, "sending", "sent", "sending", "sent", "done"]);
  },

  "what failed with others and is tried again while they run begins a turn of its own": async ({ store }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    const now = await Promise.all(entries.map(({ id }) => entryNow(store, id)));
    const moves = now.map((entry) => moveOf(entry, "dead"));
    await store.endTurn(turn, { moves, usesAttempt: true, deliveries: [], at: AT });
    const [a, b] = await Promise.all(entries.map(({ id }) => entryNow(store, id)));
    assert.ok(a && b);
    await store.move([moveOf(a, "queued")], [], AT);
    const again = await claim(store, [await entryNow(store, a.id)], "t_2");
    assert.equal(again.id, turn.id);
    await store.move([moveOf(b, "queued")], [], AT);
    const alone = await entryNow(store, b.id);
    assert.equal(alone.turn, null);
    assert.equal((await claim(store, [alone], "t_3")).id, "t_3");
  },

  "a message knows its reruns": async ({ store }) => {
    const { id } = await acceptOne(store, 1);
    await acceptOne(store, 2, { replayOf: id });
    await acceptOne(store, 3, { replayOf: id });
    assert.deepEqual((await store.message(id))?.reruns, ["m_2", "m_3"]);
    assert.deepEqual((await store.message(messageId("m_2")))?.reruns, []);
  },

  "lives are told in the order of their steps, whatever the clock said": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    await store.move(
      [moveOf(entry, "held", { hold: { code: "harness-missing", since: AT, incident: null } })],
      [],
      AT - 86_400_000,
    );
    const held = await entryNow(store, entry.id);
    await store.move([moveOf(held, "queued", { event: "released" })], [], AT - 172_800_000);
    const history = (await store.message(entry.id))?.history ?? [];
    assert.deepEqual(
      history.map(({ event }) => event),
      ["accepted", "held", "released"],
    );
    assert.deepEqual(
      history.map(({ at }) => at - AT),
      [0, -86_400_000, -172_800_000],
    );
  },
};
