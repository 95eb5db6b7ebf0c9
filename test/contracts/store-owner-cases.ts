import assert from "node:assert/strict";
import { RollcallError } from "../../src/core/errors.ts";
import { accept, acceptOne, assertAccounts, AT, moveOf, newEntry } from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

export const ownerCases: StoreCases = {
  "each owner has a higher epoch, and signs its lines": async ({ store, reopen }) => {
    const entry = await acceptOne(store, 1);
    const again = await reopen();
    assert.ok(again.epoch > store.epoch);
    await again.move([moveOf(entry, "cancelled")], [], AT);
    assert.deepEqual(
      (await again.message(entry.id))?.history.map(({ epoch }) => epoch),
      [store.epoch, again.epoch],
    );
  },

  "an owner that lost its place can't write": async ({ store, reopen }) => {
    const entry = await acceptOne(store, 1);
    const again = await reopen();
    await assert.rejects(store.move([moveOf(entry, "cancelled")], [], AT), RollcallError);
    await assert.rejects(accept(store, newEntry(2)), RollcallError);
    assert.equal((await again.message(entry.id))?.entry.state, "queued");
    assert.equal(await again.message(newEntry(2).id), null);
    await assertAccounts(again);
  },

  "writes at the same time don't disturb each other": async ({ store, reopen }) => {
    await acceptOne(store, 0);
    const writes = Array.from({ length: 500 }, (_, n) =>
      // Every tenth can't be stored: its id is taken.
      accept(store, newEntry(n + 1, n % 10 === 0 ? { id: newEntry(0).id } : {})),
    );
    const results = await Promise.allSettled(writes);
    for (const [n, { status }] of results.entries()) {
      assert.equal(status, n % 10 === 0 ? "rejected" : "fulfilled");
    }
    const again = await reopen();
    assert.equal((await again.totals()).accepted, 451);
    await assertAccounts(again);
  },

  "of two that want the same step one gets it": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const won = await Promise.all(
      [1, 2, 3].map((n) => store.move([moveOf(entry, "cancelled", { data: { n } })], [], AT)),
    );
    assert.deepEqual(won, [true, false, false]);
    assert.equal((await store.message(entry.id))?.history.length, 2);
  },

  "a probe commits": async ({ store }) => {
    assert.ok((await store.probe()) >= 0);
  },

  "closing finishes what was begun, and refuses the rest": async ({ store, reopen }) => {
    const begun = accept(store, newEntry(1));
    await store.close();
    await store.close();
    assert.equal((await begun).length, 1);
    await assert.rejects(accept(store, newEntry(2)), RollcallError);
    const again = await reopen();
    assert.equal((await again.totals()).accepted, 1);
  },
};
