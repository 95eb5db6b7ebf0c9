import assert from "node:assert/strict";
import type { Recount } from "../../src/ports/accounting.ts";
import type { Store } from "../../src/ports/store.ts";
import {
  accept,
  acceptOne,
  answered,
  AT,
  BATCH,
  claim,
  decided,
  entryNow,
  messageId,
  moveOf,
  newEntry,
  send,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

/** Counts to the end, with something done between the slices. */
async function recount(
  store: Store,
  rows: number,
  between = async (): Promise<void> => {},
): Promise<Recount> {
  for (;;) {
    const result = await store.recount(rows);
    if (result !== null) return result;
    await between();
  }
}

async function assertTrue(store: Store, counted: Recount): Promise<void> {
  assert.deepEqual(counted.rows, await store.counts());
  assert.deepEqual(counted.counters, await store.counts());
  assert.deepEqual(counted.totals, await store.totals());
  assert.equal(counted.purged, 0);
}

export const accountingCases: StoreCases = {
  "an empty store is counted at once": async ({ store }) => {
    const counted = await store.recount(10);
    assert.ok(counted);
    assert.equal(
      Object.values(counted.rows).reduce((sum, n) => sum + n, 0),
      0,
    );
  },

  "entries are counted from their rows, by state, in slices of at most so many": async ({ store }) => {
    await accept(store, ...Array.from({ length: 25 }, (_, n) => newEntry(n)));
    await store.accept({ ...BATCH, items: [decided(newEntry(3)), { kind: "ignored", reason: "sticker" }] });
    await answered(store, "a");
    await send(store, "reply:t_a:0");
    let slices = 1;
    const counted = await recount(store, 10, async () => void (slices += 1));
    assert.equal(slices, 3);
    assert.deepEqual([counted.rows.queued, counted.rows.done, counted.totals.received], [25, 1, 28]);
    await assertTrue(store, counted);
  },

  "what changes while a count is under way is counted, before and behind its place": async ({ store }) => {
    const entries = await accept(store, ...Array.from({ length: 30 }, (_, n) => newEntry(n)));
    const steps = [entries[0], entries[29], entries[4], entries[20]];
    let n = 0;
    const counted = await recount(store, 7, async () => {
      const entry = steps[n++];
      if (entry !== undefined) await store.move([moveOf(entry, "cancelled")], [], AT);
      await acceptOne(store, `later ${n}`);
    });
    assert.equal(counted.rows.cancelled, 4);
    await assertTrue(store, counted);
  },

  "a step that was lost, or undone with its transaction, is not counted": async ({ store }) => {
    const entries = await accept(store, ...Array.from({ length: 20 }, (_, n) => newEntry(n)));
    const [first, second] = entries;
    assert.ok(first && second);
    const counted = await recount(store, 6, async () => {
      const gone = { ...second, attempt: 9 };
      assert.equal(await store.move([moveOf(first, "cancelled"), moveOf(gone, "cancelled")], [], AT), false);
    });
    assert.equal(counted.rows.queued, 20);
    await assertTrue(store, counted);
  },

  "each count begins anew, after another owner's too": async ({ store, reopen }) => {
    const entries = await accept(store, ...Array.from({ length: 12 }, (_, n) => newEntry(n)));
    assert.equal(await store.recount(5), null);
    const next = await reopen();
    await assertTrue(next, await recount(next, 5));
    await claim(next, [await entryNow(next, entries[3]?.id ?? messageId("none"))]);
    const counted = await recount(next, 5);
    assert.equal(counted.rows.running, 1);
    await assertTrue(next, counted);
  },

  "each commit tells how long it took": async ({ store }) => {
    const took: number[] = [];
    store.onCommit((span) => took.push(span));
    await acceptOne(store, 1);
    await acceptOne(store, 2);
    assert.equal(took.length, 2);
    assert.ok(took.every((span) => span >= 0));
  },
};
