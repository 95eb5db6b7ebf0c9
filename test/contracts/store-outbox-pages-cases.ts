import assert from "node:assert/strict";
import { DELIVERY_LINE, type DeliveryKind } from "../../src/core/delivery.ts";
import { HOUR } from "../../src/core/time.ts";
import type { Store } from "../../src/ports/store.ts";
import {
  acceptOne,
  address,
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

const CHAT = "telegram/default/12345";
const LATER = AT + 10 * HOUR;
const question = (n = 1) => delivery(`answers:${n}`, { kind: "notice", createdAt: LATER });
const keys = async (store: Store, line = 2): Promise<readonly string[]> =>
  (await store.openInLine({ address: CHAT, line }, 0, 100)).map(({ key }) => key);

/** An answer of some parts, of which none was sent. */
async function unsent(store: Store, count: number): Promise<void> {
  const entry = await acceptOne(store, 1);
  const turn = await claim(store, [entry]);
  await store.answer(turn, answerOf(parts(turn, entry, count)));
}

export const outboxPagesCases: StoreCases = {
  "each kind stands in its line, and lines are found": async ({ store, reopen }) => {
    for (const kind of Object.keys(DELIVERY_LINE) as DeliveryKind[])
      await store.addDelivery(delivery(kind, { kind }));
    await store.addDelivery(delivery("topic", { address: address("12345", "7") }));
    const again = await reopen();
    const { lines, lastSeq, deliveries } = await again.openLines();
    assert.deepEqual(
      lines.toSorted((a, b) => a.address.localeCompare(b.address) || a.line - b.line),
      [...[0, 1, 2, 3].map((line) => ({ address: CHAT, line })), { address: `${CHAT}/7`, line: 2 }],
    );
    assert.deepEqual([lastSeq, deliveries], [7, 7]);
    for (const [kind, line] of Object.entries(DELIVERY_LINE))
      assert.ok((await keys(again, line)).includes(kind), kind);
  },

  "a line is read in pages, in order, and so is everything that is new": async ({ store }) => {
    for (const key of ["a", "b", "c", "d"]) await store.addDelivery(delivery(key));
    await send(store, "a");
    const first = await store.openInLine({ address: CHAT, line: 2 }, 0, 2);
    assert.deepEqual(first.map(({ key }) => key), ["b", "c"]); // prettier-ignore
    const rest = await store.openInLine({ address: CHAT, line: 2 }, first[1]?.seq ?? 0, 2);
    assert.deepEqual(rest.map(({ key }) => key), ["d"]); // prettier-ignore
    assert.deepEqual((await store.openAfter(first[0]?.seq ?? 0, 1)).map(({ key }) => key), ["c"]); // prettier-ignore
  },

  "what was being sent is found": async ({ store, reopen }) => {
    for (const key of ["a", "b"]) await store.addDelivery(delivery(key));
    const b = await store.delivery("b");
    assert.ok(b);
    await store.sending(b.id, "ready", 0, AT);
    assert.deepEqual((await (await reopen()).cutOff()).map(({ key }) => key), ["b"]); // prettier-ignore
  },

  "doubts are counted apart from other tries": async ({ store }) => {
    const { id } = await store.addDelivery(delivery("a"));
    await store.sending(id, "ready", 0, AT);
    await store.settle(id, 1, { state: "retry-at", notBefore: AT }, AT);
    assert.deepEqual([(await store.delivery("a"))?.doubts, (await store.delivery("a"))?.inDoubt], [0, false]);
    for (const [from, attempts] of [
      ["retry-at", 1],
      ["in-doubt", 2],
    ] as const) {
      // prettier-ignore
      await store.sending(id, from, attempts, AT);
      await store.settle(id, attempts + 1, { state: "in-doubt", notBefore: AT, detail: "lost" }, AT);
    }
    assert.deepEqual([(await store.delivery("a"))?.doubts, (await store.delivery("a"))?.attempts], [2, 3]);
  },

  "old answers are held with one question; notices and what is young go on": async ({ store, reopen }) => {
    await unsent(store, 3);
    await send(store, "reply:t_1:0");
    await store.addDelivery(delivery("notify:1", { kind: "notice", createdAt: AT }));
    await store.addDelivery(delivery("held:1", { kind: "notice", createdAt: AT }));
    await store.addDelivery(delivery("young", { createdAt: LATER }));
    assert.deepEqual(await store.staleAnswers(address(), LATER), { answers: 2, since: AT });
    assert.equal(await store.staleAnswers(address("other"), LATER), null);
    assert.equal(await store.holdAnswers(address(), LATER, question(), LATER), 3);
    assert.equal(await store.holdAnswers(address(), LATER, question(2), LATER), 0);
    assert.deepEqual(await keys(await reopen()), ["held:1", "young", "answers:1"]);
  },

  "held answers keep their messages open until their chat decides": async ({ store, reopen }) => {
    await unsent(store, 2);
    await store.holdAnswers(address(), LATER, question(), LATER);
    const again = await reopen();
    assert.equal((await entryNow(again, newEntry(1).id)).state, "answered");
    assert.deepEqual(await again.heldAnswers(address()), { answers: 1, since: AT + 3 });
    assert.deepEqual(await again.decideAnswers(address(), "send", LATER), { answers: 1, ended: [] });
    assert.equal(await again.heldAnswers(address()), null);
    assert.equal(await again.staleAnswers(address(), LATER), null, "its age counts from the asking");
    for (const key of ["reply:t_1:0", "reply:t_1:1"]) await send(again, key);
    assert.equal((await entryNow(again, newEntry(1).id)).state, "done");
    assert.deepEqual(
      (await eventsOf(again, newEntry(1).id)).filter((event) => event !== "accepted"),
      ["claimed", "answered", "delivery-held", "delivery-held", "asked-for", "asked-for", "sending", "sent", "sending", "sent", "done"], // prettier-ignore
    );
    await assertAccounts(again);
  },

  "held answers can be dropped, and end by themselves": async ({ store }) => {
    await unsent(store, 2);
    await store.holdAnswers(address(), LATER, question(), LATER);
    const dropped = await store.decideAnswers(address(), "drop", LATER);
    assert.deepEqual(
      [dropped.answers, dropped.ended.map(({ id, state }) => [id, state])],
      [1, [["m_1", "dead"]]],
    );
    assert.equal((await store.message(newEntry(1).id))?.reply?.text, "the answer");
    await store.addDelivery(delivery("notify:1", { kind: "notice", createdAt: AT }));
    await store.holdAnswers(address(), LATER, question(2), LATER);
    assert.equal((await store.expireAnswers(LATER, 10, LATER + 1)).deliveries, 0);
    assert.equal((await store.expireAnswers(LATER + 1, 10, LATER + 1)).deliveries, 1);
    assert.equal((await store.delivery("notify:1"))?.state, "dead");
    await assertAccounts(store);
  },
};
