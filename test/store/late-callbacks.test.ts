// Whatever was begun comes back late: a harness's last words, a platform's answer, a timer, a writer of an earlier
// opening. None of it may change a single row.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { entryStep, ENTRY_STATES, type Entry, type EntryState } from "../../src/core/entry.ts";
import { RollcallError } from "../../src/core/errors.ts";
import type { DeliveryId } from "../../src/core/ids.ts";
import type { TurnFence } from "../../src/core/turn.ts";
import type { EntryMove, OutboxStore, Store } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import {
  acceptOne,
  answerOf,
  AT,
  claimOf,
  delivery,
  entryNow,
  HOLD,
  messageId,
  parts,
  PROMPTED,
  turnId,
} from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";

type Settled = Parameters<OutboxStore["settle"]>[2];

const OUTCOMES: readonly [Settled, ...Settled[]] = [
  { state: "sent", platformId: "late" },
  { state: "retry-at", notBefore: AT },
  { state: "in-doubt", notBefore: AT, detail: "late" },
  { state: "dead", detail: "late" },
];

/** Everything that anybody was given to come back with. */
interface Handed {
  readonly turns: TurnFence[];
  readonly sends: { readonly id: DeliveryId; readonly attempts: number }[];
  readonly entries: Entry[];
  readonly stores: Store[];
}

interface Run {
  readonly disk: MemoryDisk;
  readonly handed: Handed;
  store: Store;
  turns: number;
  late: number;
}

/** Two messages at least, so that turns carry bundles. */
const MESSAGES = 3;

const step = fc.record({
  kind: fc.constantFrom(
    ...([
      "claim",
      "claim",
      "prompted",
      "attempt",
      "answer",
      "end",
      "send",
      "send",
      "settle",
      "settle",
      "retry",
      "reopen",
    ] as const),
  ),
  pick: fc.nat(),
  to: fc.constantFrom<EntryState>("queued", "held", "dead", "cancelled"),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const open = (disk: MemoryDisk): Promise<Store> => openMemoryStore(createFakeClock(), disk);
const moving = (entry: Entry, to: EntryState): EntryMove =>
  ({
    id: entry.id,
    from: entry.state,
    attempt: entry.attempt,
    to,
    event: to,
    ...(to === "held" && { hold: HOLD }),
  }) as EntryMove;

async function all(run: Run): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (let n = 0; n < MESSAGES; n++) entries.push(await entryNow(run.store, messageId(`m_${n}`)));
  return entries;
}

/** One step as its owner makes it; what it is handed is kept. */
async function advance(run: Run, { kind, pick, to }: Step): Promise<void> {
  const { store, handed } = run;
  const entries = await all(run);
  handed.entries.push(...entries);
  const running = entries.filter(({ state }) => state === "running");
  const live = running[0]?.turn ?? null;
  const turn =
    live === null ? null : ((await store.message(running[0]?.id ?? messageId("none")))?.turn ?? null);
  const pending = await store.pendingDeliveries();
  const one = pending[pick % Math.max(1, pending.length)];
  switch (kind) {
    case "claim": {
      const waiting = entries.filter(({ state }) => state === "queued" || state === "held");
      if (live !== null || waiting.length === 0) return;
      const some = waiting.slice(0, 1 + (pick % waiting.length));
      const claimed = await store.claim(claimOf(some, `t_${run.turns++}`));
      if (claimed !== null) handed.turns.push({ id: claimed.id, attempt: claimed.attempt });
      return;
    }
    case "prompted":
      if (turn?.state === "claimed") await store.prompted(turn, PROMPTED);
      return;
    case "attempt": {
      const next = turn === null ? null : await store.nextAttempt(turn, {}, AT);
      if (next !== null) handed.turns.push({ id: next.id, attempt: next.attempt });
      return;
    }
    case "answer": {
      const last = running.at(-1);
      if (turn !== null && last !== undefined)
        await store.answer(turn, answerOf(parts(turn, last, 1 + (pick % 2))));
      return;
    }
    case "end":
      if (turn !== null)
        await store.endTurn(turn, {
          moves: running.map((entry) => moving(entry, to)),
          usesAttempt: true,
          deliveries: [],
          at: AT,
        });
      return;
    case "send": {
      const sending =
        one === undefined || one.state === "sending"
          ? null
          : await store.sending(one.id, one.state, one.attempts, AT);
      if (sending !== null) handed.sends.push({ id: sending.id, attempts: sending.attempts });
      return;
    }
    case "settle":
      if (one?.state === "sending")
        await store.settle(one.id, one.attempts, OUTCOMES[pick % 4] ?? OUTCOMES[0], AT);
      return;
    case "retry": {
      const dead = entries.find(({ state }) => state === "dead");
      if (dead !== undefined) await store.move([moving(dead, "queued")], [], AT);
      return;
    }
    case "reopen":
      handed.stores.push(store);
      run.store = await open(run.disk);
  }
}

function rowsOf({ db }: MemoryDisk): string {
  const tables = db.all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'meta' ORDER BY name",
  );
  return JSON.stringify(tables.map(({ name }) => [name, db.all(`SELECT * FROM "${name}"`)]));
}

/** Every write that a turn's holder can make. */
function lateWords(
  store: Store,
  fence: TurnFence,
  entries: readonly Entry[],
): readonly (() => Promise<unknown>)[] {
  const reply = delivery(`late:${fence.id}`, { turn: fence.id });
  const moves = entries.map((entry) => moving({ ...entry, state: "running" }, "dead"));
  const end = { moves, usesAttempt: true, deliveries: [delivery("late notice", { kind: "notice" })], at: AT };
  return [
    () => store.prompted(fence, PROMPTED),
    () => store.nextAttempt(fence, { late: true }, AT),
    () => store.answer(fence, answerOf([reply])),
    () => store.endTurn(fence, end),
  ];
}

/** Comes back with everything that is out of date by now: nothing may change, and nothing may throw but a lost owner. */
async function comeBackLate(run: Run): Promise<void> {
  const { store, handed, disk } = run;
  const before = rowsOf(disk);
  const tries: [string, () => Promise<unknown>][] = [];
  const entries = await all(run);
  for (const fence of handed.turns) {
    const row = disk.db.get<{ attempt: number; state: string }>(
      "SELECT attempt, state FROM turns WHERE id = ?",
      fence.id,
    );
    const over =
      row === undefined || row.attempt !== fence.attempt || row.state === "answered" || row.state === "ended";
    if (!over) continue;
    for (const word of lateWords(store, fence, entries))
      tries.push([`turn ${fence.id}/${fence.attempt}`, word]);
  }
  for (const { id, attempts } of handed.sends) {
    const row = disk.db.get<{ attempts: number; state: string }>(
      "SELECT attempts, state FROM deliveries WHERE id = ?",
      id,
    );
    // Of its newest try the outbox may still speak, until it is at its end.
    if (row?.attempts === attempts && row.state !== "sent" && row.state !== "dead") continue;
    for (const outcome of OUTCOMES)
      tries.push([`${id} ${outcome.state}`, () => store.settle(id, attempts, outcome, AT)]);
    tries.push([`${id} again`, () => store.sending(id, "ready", attempts - 1, AT)]);
  }
  for (const seen of handed.entries) {
    const now = entries.find(({ id }) => id === seen.id);
    if (now === undefined || (now.state === seen.state && now.attempt === seen.attempt)) continue;
    for (const to of ENTRY_STATES)
      if (entryStep(seen.state, to) !== null)
        tries.push([`${seen.id} ${seen.state} ${to}`, () => store.move([moving(seen, to)], [], AT)]);
    if (entryStep(seen.state, "running") !== null)
      tries.push([`claim ${seen.id}`, () => store.claim(claimOf([seen], "t_late"))]);
  }
  for (const [what, write] of tries) {
    const result = await write();
    assert.ok(result === false || result === null, `${what} was taken`);
  }
  for (const old of handed.stores) {
    const fence = handed.turns.at(-1) ?? { id: turnId("t_none"), attempt: 1 };
    for (const word of [...lateWords(old, fence, entries), () => acceptOne(old, "late")])
      await assert.rejects(word(), RollcallError);
    run.late += 5;
  }
  run.late += tries.length;
  assert.equal(rowsOf(disk), before);
}

describe("late callbacks", () => {
  it("of old attempts and old openings change nothing, whatever happened in between", async (t) => {
    let late = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
        const disk = createMemoryDisk();
        const handed: Handed = { turns: [], sends: [], entries: [], stores: [] };
        const run: Run = { disk, handed, store: await open(disk), turns: 0, late: 0 };
        for (let n = 0; n < MESSAGES; n++) await acceptOne(run.store, n);
        for (const one of steps) await advance(run, one);
        await comeBackLate(run);
        late += run.late;
        disk.close();
      }),
      { numRuns: 100 },
    );
    assert.ok(late > 1000, `${late} late callbacks`);
    t.diagnostic(`${late} late callbacks changed 0 rows`);
  });
});
