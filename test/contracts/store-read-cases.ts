import assert from "node:assert/strict";
import { canaryAddress } from "../../src/core/canary.ts";
import type { MessageFilter } from "../../src/ports/store.ts";
import {
  accept,
  acceptOne,
  address,
  answered,
  AT,
  BATCH,
  claim,
  decided,
  delivery,
  messageId,
  moveOf,
  newEntry,
  send,
  sessionKey,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

export const readCases: StoreCases = {
  "the state of a message is told alone": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    assert.equal(await store.stateOf(entry.id), "queued");
    await claim(store, [entry]);
    assert.equal(await store.stateOf(entry.id), "running");
    assert.equal(await store.stateOf(messageId("m_nobody")), null);
  },

  "a message is shown with its turn, reply, deliveries and history": async ({ store }) => {
    const turn = await answered(store, 1);
    await store.addDelivery(delivery("notice:1", { kind: "notice", entry: messageId("m_1") }));
    const stored = await store.message(messageId("m_1"));
    assert.deepEqual(
      [stored?.turn?.id, stored?.turn?.harness, stored?.reply?.text],
      [turn.id, "echo", "the answer"],
    );
    assert.deepEqual(
      stored?.deliveries.map(({ key }) => key),
      ["reply:t_1:0", "notice:1"],
    );
    assert.equal(stored?.history.length, 4);
    assert.equal(await store.message(messageId("m_none")), null);
  },

  "messages are listed newest first, in pages, by what is asked for": async ({ store }) => {
    const elsewhere = { address: address("9"), session: sessionKey("agent:main:telegram:direct:9") };
    const entries = await accept(store, newEntry(1), newEntry(2, elsewhere), newEntry(3), newEntry(4));
    const [first, , third] = entries;
    assert.ok(first && third);
    await store.move([moveOf(first, "cancelled"), moveOf(third, "dead")], [], AT);
    const ids = async (filter: Omit<MessageFilter, "limit"> & { limit?: number }) =>
      (await store.messages({ limit: 10, ...filter })).map(({ entry }) => entry.id);
    assert.deepEqual(await ids({}), ["m_4", "m_3", "m_2", "m_1"]);
    assert.deepEqual(await ids({ limit: 2 }), ["m_4", "m_3"]);
    assert.deepEqual(await ids({ before: third.seq }), ["m_2", "m_1"]);
    assert.deepEqual(await ids({ states: ["dead", "cancelled"] }), ["m_3", "m_1"]);
    assert.deepEqual(await ids({ states: ["dead", "cancelled"], limit: 1 }), ["m_3"]);
    assert.deepEqual(await ids({ states: [] }), []);
    assert.deepEqual(await ids({ session: newEntry(1).session, states: ["queued"] }), ["m_4"]);
    assert.deepEqual(await ids({ conversation: { ...BATCH, conversation: "9" } }), ["m_2"]);
    const both = { session: newEntry(1).session, conversation: { ...BATCH, conversation: "9" } };
    assert.deepEqual(await ids(both), []);
  },

  "the gateway's own messages are listed, and their sessions, only where their place is named": async ({
    store,
  }) => {
    const place = canaryAddress("main");
    const own = { address: place, session: sessionKey("agent:main:web:direct:canary%2Fmain") };
    await store.accept({ channel: "web", account: "default", items: [decided(newEntry("own", own))] });
    await acceptOne(store, 1);
    const ids = async (filter: Omit<MessageFilter, "limit">) =>
      (await store.messages({ limit: 10, ...filter })).map(({ entry }) => entry.id);
    assert.deepEqual(await ids({}), ["m_1"]);
    assert.deepEqual(await ids({ states: ["queued"] }), ["m_1"]);
    assert.deepEqual(await ids({ conversation: place }), ["m_own"]);
    assert.deepEqual(await ids({ session: own.session }), ["m_own"]);
    assert.deepEqual(
      (await store.sessions(10)).map(({ key }) => key),
      [newEntry(1).session],
    );
    assert.equal((await store.counts()).queued, 2);
    assert.ok(await store.message(messageId("m_own")));
  },

  "states are counted, and the oldest waiting is known": async ({ store, reopen }) => {
    assert.equal(await store.oldestWaiting(), null);
    await answered(store, 1, { acceptedAt: AT - 10 });
    await acceptOne(store, 2, { acceptedAt: AT - 5 });
    const again = await reopen();
    const counts = await again.counts();
    assert.deepEqual([counts.queued, counts.answered, counts.done], [1, 1, 0]);
    assert.equal(await again.oldestWaiting(), AT - 10);
    await send(again, "reply:t_1:0");
    assert.equal(await again.oldestWaiting(), AT - 5);
  },
};
