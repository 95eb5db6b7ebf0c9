import assert from "node:assert/strict";
import { InvariantBroken } from "../../src/core/assert.ts";
import {
  accept,
  acceptOne,
  answered,
  answerOf,
  assertAccounts,
  AT,
  claim,
  delivery,
  entryNow,
  eventsOf,
  newEntry,
  parts,
  send,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

const SENT = { state: "sent", platformId: "p1" } as const;

export const outboxCases: StoreCases = {
  "the same key is the same delivery": async ({ store, reopen }) => {
    const first = await store.addDelivery(delivery("notice:1", { kind: "notice" }));
    assert.deepEqual(first, {
      ...delivery("notice:1", { kind: "notice" }),
      seq: first.seq,
      state: "ready",
      attempts: 0,
      inDoubt: false,
      doubts: 0,
      notBefore: AT + 3,
      platformId: null,
    });
    const again = await store.addDelivery(delivery("notice:1", { body: { text: "other", format: "plain" } }));
    assert.deepEqual(again, first);
    assert.deepEqual(await (await reopen()).delivery("notice:1"), first);
  },

  "an intent is written once per try": async ({ store }) => {
    const { id } = await store.addDelivery(delivery("one"));
    const sending = await store.sending(id, "ready", 0, AT);
    assert.deepEqual([sending?.state, sending?.attempts], ["sending", 1]);
    assert.equal(await store.sending(id, "ready", 0, AT), null);
    await assert.rejects(store.sending(id, "sent", 1, AT), InvariantBroken);
    assert.equal(await store.sending("d_none" as never, "ready", 0, AT), null);
  },

  "every end of a try is kept": async ({ store, reopen }) => {
    const { id } = await store.addDelivery(delivery("one"));
    await store.sending(id, "ready", 0, AT);
    const later = await store.settle(id, 1, { state: "retry-at", notBefore: AT + 100 }, AT);
    assert.deepEqual([later?.delivery.state, later?.delivery.notBefore], ["retry-at", AT + 100]);
    await store.sending(id, "retry-at", 1, AT);
    const doubt = await store.settle(id, 2, { state: "in-doubt", notBefore: AT + 200, detail: "reset" }, AT);
    assert.deepEqual([doubt?.delivery.state, doubt?.delivery.inDoubt], ["in-doubt", true]);
    const again = await reopen();
    assert.deepEqual(
      (await again.pendingDeliveries()).map(({ state, attempts }) => [state, attempts]),
      [["in-doubt", 2]],
    );
    await again.sending(id, "in-doubt", 2, AT);
    const sent = await again.settle(id, 3, SENT, AT);
    assert.deepEqual(
      [sent?.delivery.state, sent?.delivery.inDoubt, sent?.delivery.platformId],
      ["sent", true, "p1"],
    );
    assert.deepEqual(await again.pendingDeliveries(), []);
  },

  "a late outcome changes nothing": async ({ store }) => {
    const { id } = await store.addDelivery(delivery("one"));
    await assert.rejects(store.settle(id, 0, SENT, AT), InvariantBroken);
    await store.sending(id, "ready", 0, AT);
    await store.settle(id, 1, { state: "retry-at", notBefore: AT }, AT);
    assert.equal(await store.settle(id, 1, SENT, AT), null);
    await store.sending(id, "retry-at", 1, AT);
    assert.equal(await store.settle(id, 1, SENT, AT), null);
    assert.ok(await store.settle(id, 2, SENT, AT));
    assert.equal(await store.settle(id, 2, { state: "dead", detail: "late" }, AT), null);
    assert.equal((await store.delivery("one"))?.state, "sent");
  },

  "a delivery can be given up before any try": async ({ store }) => {
    const { id } = await store.addDelivery(delivery("one"));
    assert.ok(await store.settle(id, 0, { state: "dead", detail: "the chat is gone" }, AT));
    assert.deepEqual(await store.pendingDeliveries(), []);
  },

  "messages are done when every part of their reply is sent": async ({ store }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    const last = entries[1] ?? (await entryNow(store, newEntry(2).id));
    const progress = delivery("progress:t_1", { kind: "progress", turn: turn.id, entry: last.id });
    await store.addDelivery(progress);
    await store.answer(turn, answerOf(parts(turn, last, 2)));
    assert.deepEqual(await send(store, "reply:t_1:0"), []);
    assert.equal((await entryNow(store, last.id)).state, "answered");
    assert.deepEqual(
      (await send(store, "reply:t_1:1")).map(({ id, state }) => [id, state]),
      [["m_1", "done"], ["m_2", "done"]], // prettier-ignore
    );
    assert.equal((await entryNow(store, newEntry(1).id)).state, "done");
    assert.deepEqual(
      (await store.pendingDeliveries()).map(({ key }) => key),
      ["progress:t_1"],
    );
    await assertAccounts(store);
  },

  "messages are dead when a part of their reply is": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    await store.answer(turn, answerOf(parts(turn, entry, 2)));
    const [first] = await store.pendingDeliveries();
    assert.ok(first);
    await store.sending(first.id, "ready", 0, AT);
    const dead = await store.settle(first.id, 1, { state: "dead", detail: "blocked" }, AT);
    assert.deepEqual(dead?.ended, []);
    assert.deepEqual(
      (await send(store, "reply:t_1:1")).map(({ state }) => state),
      ["dead"],
    );
    await assertAccounts(store);
  },

  "what happened to a delivery stands in its message's history": async ({ store }) => {
    await answered(store, 1);
    await send(store, "reply:t_1:0");
    assert.deepEqual(await eventsOf(store, newEntry(1).id), [
      "accepted",
      "claimed",
      "prompted",
      "answered",
      "sending",
      "sent",
      "done",
    ]);
    const sent = (await store.message(newEntry(1).id))?.history.find(({ event }) => event === "sent");
    assert.deepEqual(sent?.data, {
      delivery: "reply:t_1:0",
      kind: "reply",
      attempt: 1,
      platformId: "p_reply:t_1:0",
    });
  },

  "deliveries wait in the order of their making": async ({ store }) => {
    for (const key of ["c", "a", "b"]) await store.addDelivery(delivery(key));
    await send(store, "a");
    assert.deepEqual(
      (await store.pendingDeliveries()).map(({ key }) => key),
      ["c", "b"],
    );
    const [first] = await store.pendingDeliveries();
    assert.deepEqual(
      (await store.pendingDeliveries(first?.seq)).map(({ key }) => key),
      ["b"],
    );
  },
};
