import assert from "node:assert/strict";
import type { Damage } from "../../src/ports/integrity.ts";
import type { Store } from "../../src/ports/store.ts";
import {
  accept,
  acceptOne,
  address,
  answered,
  AT,
  claim,
  delivery,
  HOLD,
  moveOf,
  send,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

/** One whole look at everything, from wherever the last one stood. Returns what was ever found, and the rows of it. */
export async function wholeScan(
  store: Store,
  rows = 7,
): Promise<{ readonly rows: number; readonly found: readonly Damage[] }> {
  const found: Damage[] = [];
  store.onDamage((damage) => found.push(damage));
  while ((await store.scan(rows)) === null);
  for (;;) {
    const pass = await store.scan(rows);
    if (pass !== null) return { rows: pass.rows, found };
  }
}

/** Everything that was written passes, whoever wrote it: a write that forgets a seal fails here. */
export async function assertWhole(store: Store): Promise<void> {
  const { found } = await wholeScan(store);
  assert.deepEqual(found, []);
}

/** Messages in every state, with what belongs to them. */
export async function everyState(store: Store): Promise<void> {
  await answered(store, "open");
  await answered(store, "done");
  await send(store, "reply:t_done:0");
  await claim(store, [await acceptOne(store, "running")], "t_running");
  const held = await acceptOne(store, "held");
  await store.move([moveOf(held, "held", { hold: HOLD })], [], AT);
  const cancelled = await acceptOne(store, "cancelled");
  await store.move([moveOf(cancelled, "cancelled")], [delivery("notice:1", { kind: "notice" })], AT);
  await acceptOne(store, "queued");
  await acceptOne(store, "control", { kind: "control" });
}

export const integrityCases: StoreCases = {
  "a look at everything finds every row, in slices of any size, and nothing wrong": async ({ store }) => {
    await everyState(store);
    const first = await wholeScan(store, 1);
    const second = await wholeScan(store, 1000);
    assert.deepEqual([first.found, second.found], [[], []]);
    assert.equal(first.rows, second.rows);
    assert.ok(first.rows >= 7 + 3 + 3 + 7, String(first.rows));
  },

  "it goes on while messages come and go": async ({ store }) => {
    const found: Damage[] = [];
    store.onDamage((damage) => found.push(damage));
    for (let n = 0; n < 40; n++) {
      await store.scan(3);
      await answered(store, n);
      await store.scan(3);
      if (n % 2 === 0) await send(store, `reply:t_${n}:0`);
    }
    assert.deepEqual(found, []);
  },

  "what is unfinished is looked at in one go": async ({ store }) => {
    await everyState(store);
    assert.equal(await store.scanUnfinished(), 5 + 2);
  },

  "halves of characters and ends of text are kept as they are, and pass": async ({ store, reopen }) => {
    const odd = "a\ud800b\u0000c\u{1f600}\udc00";
    await acceptOne(store, 1, {
      dedupeKey: odd,
      clientId: odd,
      sender: { id: odd, name: odd },
      address: address(odd),
      body: { text: odd, attachments: [], chat: { kind: "direct" }, sentAt: AT },
    });
    const [again] = await store.accept({
      channel: "telegram",
      account: "default",
      items: [
        {
          kind: "entry",
          entry: { ...(await acceptOne(store, 2)), dedupeKey: odd },
          waitingLimit: 10,
        },
      ],
    });
    assert.equal(again?.outcome, "duplicate");
    await assertWhole(await reopen());
  },

  "a look by a later owner finds nothing wrong either": async ({ store, reopen }) => {
    await everyState(store);
    const again = await reopen();
    await accept(again);
    await assertWhole(again);
  },
};
