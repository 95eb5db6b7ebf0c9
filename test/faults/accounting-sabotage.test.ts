// A counter or a row that was changed behind the store's back is found by the next recount, whatever happened before;
// and what a recount costs.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ENTRY_STEPS } from "../../src/core/entry.ts";
import { SLICE_ROWS } from "../../src/health/accounting.ts";
import { differenceOf, imbalancesOf } from "../../src/health/accounting-equations.ts";
import type { Recount } from "../../src/ports/accounting.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import {
  accept,
  answered,
  AT,
  BATCH,
  claim,
  decided,
  HOLD,
  moveOf,
  newEntry,
  send,
} from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";

const step = fc.oneof(
  fc.record({ kind: fc.constantFrom("accept", "answer", "again"), n: fc.nat(30) }),
  fc.record({ kind: fc.constantFrom("move", "move", "claim", "send"), n: fc.nat() }),
  fc.record({ kind: fc.constantFrom("slice", "slice", "slice", "refuse", "reopen"), n: fc.nat(4) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Run {
  store: Store;
  readonly disk: MemoryDisk;
  made: number;
  recounts: number;
}

async function take(run: Run, { kind, n }: Step): Promise<void> {
  const { store } = run;
  switch (kind) {
    case "accept":
      return void (await accept(store, newEntry(run.made++)));
    case "again":
      return void (await accept(store, newEntry(n)));
    case "answer":
      return void (await answered(store, run.made++));
    case "refuse":
      return void (await store.accept({
        ...BATCH,
        items: [
          { kind: "refused", code: "message-empty" },
          { kind: "ignored", reason: "sticker" },
          decided(newEntry(run.made++)),
        ],
      }));
    case "send":
      return sendOne(store, n);
    case "reopen":
      run.store = await openMemoryStore(createFakeClock(), run.disk);
      return;
    case "slice": {
      const counted = await store.recount(1 + n);
      if (counted === null) return;
      run.recounts += 1;
      assert.deepEqual(imbalancesOf(counted), []);
      return;
    }
    default:
      return stepOne(store, kind, n);
  }
}

async function sendOne(store: Store, n: number): Promise<void> {
  const open = await store.pendingDeliveries();
  const one = open[n % Math.max(1, open.length)];
  if (one !== undefined) await send(store, one.key);
}

async function stepOne(store: Store, kind: string, n: number): Promise<void> {
  const all = await store.messages({ limit: 100 });
  const entry = all[n % Math.max(1, all.length)]?.entry;
  if (entry === undefined) return;
  const targets = ENTRY_STEPS[entry.state].filter((to) => to !== "running" && to !== "answered");
  const to = targets[n % Math.max(1, targets.length)];
  if (kind === "claim" && ENTRY_STEPS[entry.state].includes("running")) {
    if (entry.turn === null) await claim(store, [entry], `t_claimed_${entry.id}_${entry.attempt}`);
  } else if (to !== undefined) {
    await store.move([moveOf(entry, to, to === "held" ? { hold: HOLD } : {})], [], AT);
  }
}

async function wholeRecount(store: Store, rows = SLICE_ROWS): Promise<Recount> {
  for (;;) {
    const counted = await store.recount(rows);
    if (counted !== null) return counted;
  }
}

/** What could go wrong behind the store's back. Each changes exactly one thing; null where there is nothing to change. */
const SABOTAGE: Readonly<Record<string, (disk: MemoryDisk) => number>> = {
  "a counter of a state": ({ db }) =>
    db.run("UPDATE counters SET value = value + 1 WHERE name = 'entries:queued'"),
  "a counter of an outcome": ({ db }) =>
    db.run("UPDATE counters SET value = value - 1 WHERE name = 'intake:received'"),
  "a counter is gone": ({ db }) =>
    db.run("DELETE FROM counters WHERE name = 'intake:accepted' AND value > 0"),
  "a row's state": ({ db }) =>
    db.run(
      "UPDATE entries SET state = 'cancelled' WHERE seq = (SELECT min(seq) FROM entries WHERE state <> 'cancelled')",
    ),
  "a row's state is none of ours": ({ db }) =>
    db.run("UPDATE entries SET state = 'lost' WHERE seq = (SELECT max(seq) FROM entries)"),
  "a row is gone": ({ db }) => db.run("DELETE FROM entries WHERE seq = (SELECT min(seq) FROM entries)"),
};

test("over any history, with slices in between, every recount balances, and a sabotage is found by the next one", async (t) => {
  let recounts = 0;
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 50 }),
      fc.constantFrom(...Object.keys(SABOTAGE)),
      fc.integer({ min: 1, max: 40 }),
      async (steps, how, rows) => {
        const disk = createMemoryDisk();
        const run: Run = {
          store: await openMemoryStore(createFakeClock(), disk),
          disk,
          made: 100,
          recounts: 0,
        };
        for (const one of steps) await take(run, one);
        // The count that is under way ends; the next one is whole.
        await wholeRecount(run.store, rows);
        assert.deepEqual(imbalancesOf(await wholeRecount(run.store, rows)), []);
        recounts += run.recounts + 2;
        const changed = SABOTAGE[how]?.(disk) ?? 0;
        if (changed > 0) {
          const difference = differenceOf(imbalancesOf(await wholeRecount(run.store, rows)));
          assert.ok(difference > 0, `${how} was not found`);
          found += 1;
        }
        disk.close();
      },
    ),
    { numRuns: 120 },
  );
  t.diagnostic(
    `${recounts} recounts of random histories balanced; ${found} of ${found} sabotages found by one recount`,
  );
});

/** So many messages at their end, each with its row of some hundred bytes and its part in the counters. */
const FILL = `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
INSERT INTO entries (id, kind, channel, account, conversation, dedupe_key, sender, role, agent, session, accepted_at,
  state, attempt, not_before, digest, hash, chain, seal, body)
SELECT 'm_' || i, 'message', 'telegram', 'default', i % 500, 'key ' || i, '{"id":"1","name":"Ada"}', 'owner', 'main',
  'agent:main:telegram:direct:' || (i % 500), 0, iif(i % 20 = 0, 'cancelled', 'done'), 1, 0,
  i, '', '', '', json_object('text', printf('%.200c', 'x'), 'attachments', json_array())
FROM n;
INSERT INTO counters VALUES ('intake:received', 100000), ('intake:accepted', 100000), ('entries:done', 95000),
  ('entries:cancelled', 5000);
`;

test("a recount of 100,000 messages is slices that nobody notices", async (t) => {
  const disk = createMemoryDisk();
  t.after(() => disk.close());
  const store = await openMemoryStore(createFakeClock(), disk);
  disk.db.exec(FILL);
  const spans: number[] = [];
  let counted: Recount | null = null;
  while (counted === null) {
    const begun = performance.now();
    counted = await store.recount(SLICE_ROWS);
    spans.push(performance.now() - begun);
  }
  assert.deepEqual(imbalancesOf(counted), []);
  assert.deepEqual([counted.rows.done, counted.rows.cancelled, spans.length], [95_000, 5000, 10]);
  const sum = spans.reduce((all, one) => all + one, 0);
  t.diagnostic(
    `100,000 messages: ${spans.length} slices, ${sum.toFixed(1)} ms in all, the longest ${Math.max(...spans).toFixed(1)} ms`,
  );
});
