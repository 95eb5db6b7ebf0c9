import assert from "node:assert/strict";
import type { Decided } from "../../src/ports/intake.ts";
import {
  accept,
  acceptOne,
  address,
  answered,
  assertAccounts,
  AT,
  BATCH,
  body,
  decided,
  delivery,
  eventsOf,
  newEntry,
  send,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

const CURSOR = { ...BATCH, identity: "bot-1", value: "100" } as const;
const PAIRING = { ...BATCH, code: "ABCD2345", sender: { id: "77", name: "Bob" }, at: AT } as const;

export const inboxCases: StoreCases = {
  "an accepted message is there after the owner is gone": async ({ store, reopen }) => {
    const entry = await acceptOne(store, 1, { address: address("12345", "7"), clientId: "c-1" });
    assert.deepEqual(entry, {
      ...newEntry(1, { address: address("12345", "7"), clientId: "c-1" }),
      seq: entry.seq,
      state: "queued",
      attempt: 0,
      hold: null,
      turn: null,
    });
    const again = await reopen();
    assert.deepEqual((await again.message(entry.id))?.entry, entry);
    assert.deepEqual(await eventsOf(again, entry.id), ["accepted"]);
  },

  "what couldn't be read is accepted into quarantine, with why, and told once": async ({ store }) => {
    const entry = newEntry(1);
    const notice = delivery("notice:1", { kind: "notice", entry: null, turn: null });
    const item: Decided = {
      ...decided(entry),
      kind: "entry",
      entry,
      waitingLimit: 0,
      unreadable: { reason: "no shape of ours", notice },
    };
    const results = await store.accept({ ...BATCH, items: [item, item] });
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ["accepted", "duplicate"],
    );
    const stored = await store.message(entry.id);
    assert.equal(stored?.entry.state, "quarantined");
    assert.deepEqual(await eventsOf(store, entry.id), ["accepted", "unreadable"]);
    assert.equal((await store.pendingDeliveries()).length, 1);
    assert.deepEqual(await store.waitingSessions(), []);
    await assertAccounts(store);
  },

  "a message beyond the limit is refused, and its sender told once per key": async ({ store }) => {
    const full = delivery("notice:1", { kind: "notice", entry: null, turn: null });
    const item = (n: number): Decided => ({ kind: "entry", entry: newEntry(n), waitingLimit: 1, full });
    const results = await store.accept({ ...BATCH, items: [item(1), item(2), item(3)] });
    assert.deepEqual(
      results.map((result) => (result.outcome === "refused" ? result.code : result.outcome)),
      ["accepted", "queue-full", "queue-full"],
    );
    assert.equal((await store.pendingDeliveries()).length, 1);
  },

  "seq grows in the order of acceptance": async ({ store }) => {
    const entries = await accept(store, newEntry(3), newEntry(1), newEntry(2));
    const seqs = entries.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(seqs).size, 3);
  },

  "the same key is the same message": async ({ store }) => {
    await acceptOne(store, 1);
    const items = [
      decided(newEntry(1, { id: newEntry(2).id })),
      decided(newEntry(1, { id: newEntry(3).id, body: body("other") })),
      decided(newEntry(1, { id: newEntry(4).id, agent: "other" })),
      decided(newEntry(5)),
      decided(newEntry(5, { id: newEntry(6).id })),
    ];
    const results = await store.accept({ ...BATCH, items });
    assert.deepEqual(
      results.map((r) => (r.outcome === "duplicate" ? [r.id, r.same] : r.outcome)),
      [["m_1", true], ["m_1", false], ["m_1", false], "accepted", ["m_5", true]],
    );
    assert.deepEqual(await store.totals(), {
      received: 6,
      accepted: 2,
      duplicate: 4,
      ignored: 0,
      refused: 0,
    });
    await assertAccounts(store);
  },

  "files count in whether two copies are the same": async ({ store }) => {
    const file = (ref: string, name: string) =>
      ({ kind: "document", name, mime: "text/plain", source: { kind: "platform", ref } }) as const;
    const copy = (n: number, ref: string, name: string) =>
      decided(newEntry(1, { id: newEntry(n).id, body: body("see", { attachments: [file(ref, name)] }) }));
    const results = await store.accept({
      ...BATCH,
      items: [copy(1, "a", "x.txt"), copy(2, "b", "x.txt"), copy(3, "a", "y.txt")],
    });
    assert.deepEqual(
      results.map((r) => (r.outcome === "duplicate" ? r.same : r.outcome)),
      ["accepted", true, false],
    );
  },

  "another account's key is another message": async ({ store }) => {
    await acceptOne(store, 1);
    const other = newEntry(1, { id: newEntry(2).id, address: { ...address(), account: "work" } });
    assert.equal((await accept(store, other)).length, 1);
    assert.equal((await store.findByKey("telegram", "work", "key 1"))?.id, "m_2");
    assert.equal((await store.findByKey("telegram", "default", "key 1"))?.id, "m_1");
    assert.equal(await store.findByKey("telegram", "default", "key 2"), null);
  },

  "a batch is stored as a whole or not at all": async ({ store }) => {
    await acceptOne(store, 1);
    const before = await store.totals();
    // The same id under another key can't be stored.
    const items = [decided(newEntry(2)), decided(newEntry(1, { dedupeKey: "another" }))];
    await assert.rejects(store.accept({ ...BATCH, items, cursor: CURSOR }));
    assert.equal(await store.message(newEntry(2).id), null);
    assert.equal(await store.cursor("telegram", "default", "bot-1"), null);
    assert.deepEqual(await store.totals(), before);
    await assertAccounts(store);
  },

  "the cursor moves with the batch, and belongs to one identity": async ({ store, reopen }) => {
    await store.accept({ ...BATCH, items: [decided(newEntry(1))], cursor: CURSOR });
    await store.accept({ ...BATCH, items: [], cursor: { ...CURSOR, value: "101" } });
    const again = await reopen();
    assert.equal((await again.cursor("telegram", "default", "bot-1"))?.value, "101");
    assert.equal(await again.cursor("telegram", "default", "bot-2"), null);
    assert.equal((await again.totals()).received, 1);
  },

  "a refusal leaves its notice and its code, once": async ({ store }) => {
    const refused: Decided = {
      kind: "refused",
      code: "sender-refused",
      notice: delivery("notice:1", { kind: "notice" }),
      pairing: PAIRING,
    };
    const [result] = await store.accept({ ...BATCH, items: [refused] });
    assert.deepEqual(result, { outcome: "refused", code: "sender-refused" });
    await store.accept({
      ...BATCH,
      items: [{ kind: "refused", code: "sender-refused", notice: delivery("notice:1") }],
    });
    assert.deepEqual(
      (await store.pendingDeliveries()).map(({ key, kind }) => [key, kind]),
      [["notice:1", "notice"]],
    );
    assert.equal((await store.openPairing("telegram", "default", "77", AT))?.code, "ABCD2345");
    assert.deepEqual(await store.totals(), {
      received: 2,
      accepted: 0,
      duplicate: 0,
      ignored: 0,
      refused: 2,
    });
  },

  "group talk keeps the newest lines of its own place": async ({ store }) => {
    const line = (n: number, thread?: string): Decided => ({
      kind: "ignored",
      reason: "not addressed",
      groupLine: { address: address("-100", thread), line: { author: "Ada", text: `line ${n}`, at: AT + n } },
    });
    await store.accept({ ...BATCH, items: Array.from({ length: 70 }, (_, n) => line(n)) });
    await store.accept({ ...BATCH, items: [line(1000, "7"), { kind: "ignored", reason: "a reaction" }] });
    const all = await store.groupTalk(address("-100"), 1000);
    assert.equal(all.length, 50);
    assert.deepEqual(
      (await store.groupTalk(address("-100"), 2)).map(({ text }) => text),
      ["line 68", "line 69"],
    );
    assert.deepEqual(await store.groupTalk(address("-100", "7"), 5), [
      { author: "Ada", text: "line 1000", at: AT + 1000 },
    ]);
    assert.equal((await store.totals()).ignored, 72);
  },

  "a session takes no more messages than may wait in it": async ({ store }) => {
    const item = (n: number, more = {}): Decided => decided(newEntry(n, more), 2);
    const elsewhere = { session: newEntry(1).session.replace("12345", "9") };
    const results = await store.accept({
      ...BATCH,
      items: [item(1), item(2), item(3), item(4, { kind: "control" }), item(5, elsewhere), item(1)],
    });
    assert.deepEqual(
      results.map((r) => (r.outcome === "refused" ? r.code : r.outcome)),
      ["accepted", "accepted", "queue-full", "accepted", "accepted", "duplicate"],
    );
    assert.equal(await store.message(newEntry(3).id), null);
    await assertAccounts(store);
  },

  "messages that were answered leave room": async ({ store }) => {
    const turn = await answered(store, 1);
    await send(store, `reply:${turn.id}:0`);
    const [result] = await store.accept({ ...BATCH, items: [decided(newEntry(2), 1)] });
    assert.equal(result?.outcome, "accepted");
  },
};
