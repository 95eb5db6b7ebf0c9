import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ENDED_STATES, type EntryState } from "../../src/core/entry.ts";
import type { MessageId } from "../../src/core/ids.ts";
import { DAY } from "../../src/core/time.ts";
import { imbalancesOf } from "../../src/health/accounting-equations.ts";
import { LEFTOVERS } from "../../src/ports/retention.ts";
import type { Store, StoredMessage } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore } from "../../src/store/sqlite/open.ts";
import {
  accept,
  answerOf,
  AT,
  BATCH,
  claim,
  decided,
  delivery,
  HOLD,
  messageId,
  moveOf,
  newEntry,
  parts,
  PROMPTED,
  sessionKey,
} from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";

/** How far a life goes. */
const LIVES = [
  "queued",
  "held",
  "running",
  "half cancelled",
  "answered",
  "half sent",
  "done",
  "dead reply",
  "dead",
  "cancelled",
  "cancelled, to be told",
  "quarantined",
  "retried",
] as const;
type Life = (typeof LIVES)[number];

const life = fc.record({
  kind: fc.constant("life"),
  life: fc.constantFrom(...LIVES),
  entries: fc.integer({ min: 1, max: 3 }),
  /** In days before the end of the test. */
  age: fc.integer({ min: 0, max: 9 }),
  session: fc.integer({ min: 0, max: 3 }),
});
const step = fc.oneof(
  { arbitrary: life, weight: 6 },
  {
    arbitrary: fc.record({
      kind: fc.constant("clear"),
      states: fc.oneof(
        fc.constant([...ENDED_STATES]),
        fc.constantFrom(...ENDED_STATES).map((state) => [state]),
      ),
      days: fc.integer({ min: 0, max: 9 }),
      rows: fc.integer({ min: 1, max: 4 }),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("leftover"),
      what: fc.constantFrom(...LEFTOVERS.filter((what) => what !== "keys")),
      days: fc.integer({ min: 0, max: 9 }),
    }),
    weight: 1,
  },
  { arbitrary: fc.record({ kind: fc.constant("recount") }), weight: 1 },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const NOW = AT + 10 * DAY;
const UNFINISHED: readonly EntryState[] = ["queued", "held", "running", "answered"];

interface Known {
  readonly id: MessageId;
  readonly key: string;
  readonly at: number;
  readonly siblings: readonly MessageId[];
}

interface Run {
  readonly store: Store;
  readonly known: Known[];
}

/** Plays one life up to where it ends, all at one time. */
async function live({ store, known }: Run, one: Extract<Step, { kind: "life" }>): Promise<void> {
  const n = known.length;
  const at = NOW - one.age * DAY;
  const session = sessionKey(`s${one.session}-${n}`);
  const fresh = Array.from({ length: one.entries }, (_, i) => newEntry(n + i, { session, acceptedAt: at }));
  const entries = await accept(store, ...fresh);
  const siblings = entries.map(({ id }) => id);
  for (const { id, dedupeKey } of entries) known.push({ id, key: dedupeKey, at, siblings });
  const [first] = entries;
  assert.ok(first);
  const all = (to: EntryState, more = {}) => entries.map((entry) => moveOf(entry, to, more));
  const direct: Partial<Record<Life, () => Promise<unknown>>> = {
    queued: async () => undefined,
    held: () => store.move(all("held", { hold: HOLD }), [], at),
    dead: () => store.move(all("dead"), [], at),
    cancelled: () => store.move(all("cancelled"), [], at),
    quarantined: () => store.move(all("quarantined"), [], at),
    "cancelled, to be told": () =>
      store.move(all("cancelled"), [delivery(`told ${n}`, { kind: "notice", entry: first.id })], at),
    async retried() {
      await store.move(all("dead"), [], at);
      await store.move(
        entries.map((entry) => moveOf({ ...entry, state: "dead" }, "queued")),
        [],
        at,
      );
    },
  };
  const play = direct[one.life];
  if (play !== undefined) return void (await play());
  const turn = await claim(store, entries, `t_${n}`);
  if (one.life === "half cancelled") {
    const running = { ...first, state: "running" as const, attempt: 1 };
    await store.move([moveOf(running, "cancelled")], [], at);
  }
  if (one.life === "running" || one.life === "half cancelled") return;
  await store.prompted(turn, PROMPTED);
  const replies = parts(turn, first, 2).map((part) => ({ ...part, createdAt: at }));
  assert.ok(await store.answer(turn, { ...answerOf(replies), at }));
  if (one.life === "answered") return;
  for (const [index, { id }] of replies.entries()) {
    await store.sending(id, "ready", 0, at);
    if (one.life === "half sent" && index === 1) return;
    const sent = { state: "sent", platformId: `p${index}` } as const;
    const dead = { state: "dead", detail: "blocked" } as const;
    await store.settle(id, 1, one.life === "dead reply" && index === 1 ? dead : sent, at);
  }
}

async function snapshot({ store, known }: Run): Promise<ReadonlyMap<MessageId, StoredMessage>> {
  const stored = await Promise.all(known.map(({ id }) => store.message(id)));
  return new Map(stored.flatMap((one) => (one === null ? [] : [[one.entry.id, one] as const])));
}

/** What went was ended and old enough, with everybody of its turn at their end; what stayed is as it was. */
async function assertOnlyEnded(
  run: Run,
  before: ReadonlyMap<MessageId, StoredMessage>,
  limit: number,
): Promise<void> {
  const after = await snapshot(run);
  for (const { id, at, siblings } of run.known) {
    const was = before.get(id);
    if (was === undefined) continue;
    const is = after.get(id);
    if (is !== undefined) {
      assert.deepEqual(is, was, `${id} stays as it was`);
      continue;
    }
    assert.ok(!UNFINISHED.includes(was.entry.state), `${id} was ${was.entry.state}`);
    assert.ok(at < limit, `${id} was too young`);
    assert.ok(was.deliveries.every(({ state }) => state === "sent" || state === "dead"));
    if (was.turn !== null)
      for (const sibling of siblings)
        assert.ok(!UNFINISHED.includes(before.get(sibling)?.entry.state ?? "done"), `${sibling} goes on`);
  }
}

async function take(run: Run, one: Step): Promise<void> {
  const { store } = run;
  if (one.kind === "life") return live(run, one);
  if (one.kind === "recount") return void (await store.recount(3));
  const before = await snapshot(run);
  const limit = NOW - one.days * DAY;
  if (one.kind === "leftover") {
    for (let after: string | null = ""; after !== null;)
      after = (await store.clearLeftover(one.what, limit, after, 2)).next;
    assert.deepEqual(await snapshot(run), before, "leftovers belong to no message");
    return;
  }
  for (const state of one.states)
    for (let after: number | null = 0; after !== null;)
      after = (await store.clear({ state, before: limit, after, rows: one.rows })).next;
  return assertOnlyEnded(run, before, limit);
}

/** Goes on with a count that is under way, and makes one more. */
async function assertBooks(store: Store): Promise<void> {
  await store.recount(1_000_000);
  const counted = await store.recount(1_000_000);
  assert.ok(counted);
  assert.deepEqual(imbalancesOf(counted), []);
}

describe("clearing away, over any histories", () => {
  it("touches nothing unfinished, keeps the books even and knows every key again", async () => {
    let cleared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const disk = createMemoryDisk();
        const run: Run = { store: await openMemoryStore(createFakeClock(NOW), disk), known: [] };
        for (const one of steps) await take(run, one);
        await assertBooks(run.store);
        const left = await snapshot(run);
        cleared += run.known.length - left.size;
        for (const { id, key } of run.known) {
          const again = { ...newEntry(`again ${id}`), dedupeKey: key };
          const [result] = await run.store.accept({ ...BATCH, items: [decided(again)] });
          assert.deepEqual(
            [result?.outcome, result?.outcome === "duplicate" && result.id],
            ["duplicate", id],
          );
        }
        await assertBooks(run.store);
        disk.close();
      }),
      { numRuns: 150 },
    );
    assert.ok(cleared > 150, `${cleared} messages were cleared`);
  });

  it("never gives a number twice, of messages and of deliveries, when the newest were cleared", async () => {
    const disk = createMemoryDisk();
    const store = await openMemoryStore(createFakeClock(NOW), disk);
    const run: Run = { store, known: [] };
    await live(run, { kind: "life", life: "done", entries: 1, age: 1, session: 0 });
    await store.addDelivery(delivery("notice 1"));
    const first = await store.message(messageId("m_0"));
    const notice = await store.delivery("notice 1");
    assert.ok(first && notice);
    await store.sending(notice.id, "ready", 0, AT);
    await store.settle(notice.id, 1, { state: "sent", platformId: "p" }, AT);
    await store.clear({ state: "done", before: NOW, after: 0, rows: 10 });
    await store.clearLeftover("deliveries", NOW, "", 10);
    assert.equal(await store.delivery("notice 1"), null);
    const [entry] = await accept(store, newEntry("next"));
    assert.ok(entry && entry.seq > first.entry.seq);
    const next = await store.addDelivery(delivery("notice 2"));
    assert.ok(next.seq > notice.seq);
    disk.close();
  });
});
