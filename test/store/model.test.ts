import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { InvariantBroken } from "../../src/core/assert.ts";
import { DELIVERY_STATES, type DeliveryState } from "../../src/core/delivery.ts";
import { ENTRY_STATES, ENTRY_STEPS, type EntryState } from "../../src/core/entry.ts";
import type { TurnFence } from "../../src/core/turn.ts";
import type { EntryMove, OutboxStore, Store } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import {
  answerOf,
  assertAccounts,
  AT,
  BATCH,
  decided,
  delivery,
  HOLD,
  messageId,
  newEntry,
  PROMPTED,
  turnId,
} from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { Model, type Verdict } from "./model.ts";

const entryNumber = fc.integer({ min: 0, max: 2 });
const mostly = <T>(usual: T, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 12 }, { arbitrary: odd, weight: 1 });
/** How far behind the writer is, and whether it believes in another state: mostly it is right. */
const behind = mostly(0, fc.constant(1));
const believes = mostly<EntryState | null>(null, fc.constantFrom(...ENTRY_STATES));
const believesDelivery = mostly<DeliveryState | null>(null, fc.constantFrom(...DELIVERY_STATES));
/** Where a step leads: mostly the n-th legal place, else wherever. */
const to = fc.record({
  n: fc.nat(),
  wild: mostly<EntryState | null>(null, fc.constantFrom(...ENTRY_STATES)),
});
const pick = fc.nat();
const settled = fc.constantFrom("sent", "sent", "retry-at", "in-doubt", "dead");

const step = fc.oneof(
  fc.record({ kind: fc.constant("accept"), n: entryNumber }),
  fc.record({ kind: fc.constant("claim"), n: entryNumber, behind, believes }),
  fc.record({ kind: fc.constant("claim"), n: entryNumber, behind, believes }),
  fc.record({ kind: fc.constant("prompted"), pick, behind }),
  fc.record({ kind: fc.constant("nextAttempt"), pick, behind }),
  fc.record({ kind: fc.constant("answer"), pick, behind, parts: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ kind: fc.constant("endTurn"), pick, behind, to, usesAttempt: fc.boolean() }),
  fc.record({ kind: fc.constant("move"), n: entryNumber, behind, believes, to }),
  fc.record({
    kind: fc.constant("sending"),
    pick,
    behind,
    believes: believesDelivery,
  }),
  fc.record({ kind: fc.constant("settle"), pick, behind, to: settled }),
  fc.record({ kind: fc.constant("reopen") }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Run {
  store: Store;
  readonly disk: MemoryDisk;
  readonly model: Model;
  turns: number;
}

const open = (disk: MemoryDisk): Promise<Store> => openMemoryStore(createFakeClock(), disk);

async function verdictOf(write: Promise<unknown>): Promise<Verdict> {
  try {
    const result = await write;
    return result === false || result === null ? "lost" : "done";
  } catch (error) {
    if (error instanceof InvariantBroken) return "bug";
    throw error;
  }
}

/** One of the newest known things, or a name that nobody has. */
function choose(names: Iterable<string>, n: number): string {
  const newest = [...names].reverse().slice(0, 3);
  return n % 20 === 0 ? "none" : (newest[n % newest.length] ?? "none");
}

function leadTo(from: EntryState, { n, wild }: { n: number; wild: EntryState | null }): EntryState {
  const legal = ENTRY_STEPS[from];
  return wild ?? legal[n % legal.length] ?? "queued";
}

function fenceOf(run: Run, { pick: n, behind: late }: { pick: number; behind: number }): TurnFence {
  const id = choose(run.model.turns.keys(), n);
  return { id: turnId(id), attempt: (run.model.turns.get(id)?.attempt ?? 1) - late };
}

async function take(run: Run, one: Step): Promise<void> {
  switch (one.kind) {
    case "accept":
      return accept(run, one.n);
    case "claim":
    case "move":
      return takeEntryStep(run, one);
    case "sending":
    case "settle":
      return takeDeliveryStep(run, one);
    case "reopen":
      run.store = await open(run.disk);
      return;
    case "prompted":
    case "nextAttempt":
    case "answer":
    case "endTurn":
      return takeTurnStep(run, one);
  }
}

async function accept(run: Run, n: number): Promise<void> {
  const [result] = await run.store.accept({ ...BATCH, items: [decided(newEntry(n))] });
  assert.equal(result?.outcome, run.model.accept(`m_${n}`));
}

async function takeEntryStep(run: Run, one: Extract<Step, { kind: "claim" | "move" }>): Promise<void> {
  const id = `m_${one.n}`;
  const known = run.model.entries.get(id) ?? { state: "queued", attempt: 0 };
  const from = one.believes ?? known.state;
  const attempt = known.attempt - one.behind;
  if (one.kind === "claim") {
    const fresh = `t_${run.turns++}`;
    const entries = [{ id: messageId(id), state: from, attempt }];
    const write = run.store.claim({ turn: turnId(fresh), entries, agent: "main", generation: 1, at: AT });
    return expect(await verdictOf(write), run.model.claim(id, from, attempt, fresh));
  }
  const target = leadTo(from, one.to);
  const hold = target === "held" ? { hold: HOLD } : {};
  const move = { id: messageId(id), from, attempt, to: target, event: target, ...hold } as EntryMove;
  expect(await verdictOf(run.store.move([move], [], AT)), run.model.move({ ...move, id }));
}

type TurnStep = Extract<Step, { kind: "prompted" | "nextAttempt" | "answer" | "endTurn" }>;

async function takeTurnStep(run: Run, one: TurnStep): Promise<void> {
  const { store, model } = run;
  const fence = fenceOf(run, one);
  switch (one.kind) {
    case "prompted":
      return expect(await verdictOf(store.prompted(fence, PROMPTED)), model.prompted(fence));
    case "nextAttempt":
      return expect(await verdictOf(store.nextAttempt(fence, {}, AT)), model.nextAttempt(fence));
    case "answer": {
      const parts = Array.from({ length: one.parts }, (_, part) =>
        delivery(`reply:${fence.id}:${part}`, { turn: fence.id, part }),
      );
      return expect(await verdictOf(store.answer(fence, answerOf(parts))), model.answer(fence, one.parts));
    }
    case "endTurn": {
      const { usesAttempt } = one;
      const target = leadTo("running", one.to);
      const moves = (model.turns.get(fence.id)?.entries ?? []).map((id) => ({
        id: messageId(id),
        from: "running" as const,
        attempt: model.entries.get(id)?.attempt ?? 0,
        to: target,
        event: target,
        ...(target === "held" && { hold: HOLD }),
      })) as EntryMove[];
      // Nothing to say about a turn that nobody has: then there is no move that could be a bug.
      const wanted = moves.length === 0 ? "lost" : model.endTurn(fence, target, usesAttempt);
      const write = store.endTurn(fence, { moves, usesAttempt, deliveries: [], at: AT });
      return expect(await verdictOf(write), wanted);
    }
  }
}

async function takeDeliveryStep(run: Run, one: Extract<Step, { kind: "sending" | "settle" }>): Promise<void> {
  const { store, model } = run;
  const key = choose(model.deliveries.keys(), one.pick);
  const known = model.deliveries.get(key) ?? { state: "ready", attempts: 0 };
  const id = delivery(key).id;
  const attempts = known.attempts - one.behind;
  if (one.kind === "sending") {
    const from = one.believes ?? known.state;
    return expect(await verdictOf(store.sending(id, from, attempts, AT)), model.sending(key, from, attempts));
  }
  const end: Parameters<OutboxStore["settle"]>[2] =
    one.to === "sent"
      ? { state: "sent", platformId: "p" }
      : one.to === "retry-at"
        ? { state: "retry-at", notBefore: AT }
        : one.to === "in-doubt"
          ? { state: "in-doubt", notBefore: AT, detail: "reset" }
          : { state: "dead", detail: "blocked" };
  expect(await verdictOf(store.settle(id, attempts, end, AT)), model.settle(key, attempts, end.state));
}

function expect(verdict: Verdict, wanted: Verdict): void {
  assert.equal(verdict, wanted);
}

async function compare({ store, model }: Run): Promise<void> {
  for (const [id, wanted] of model.entries) {
    const stored = await store.message(messageId(id));
    assert.ok(stored);
    const { state: now, attempt, turn, hold } = stored.entry;
    assert.deepEqual({ state: now, attempt, turn }, wanted, id);
    assert.equal(hold !== null, now === "held");
    const known = wanted.turn === null ? undefined : model.turns.get(wanted.turn);
    assert.deepEqual(
      stored.turn === null ? undefined : [stored.turn.state, stored.turn.attempt, stored.turn.failures],
      known === undefined ? undefined : [known.state, known.attempt, known.failures],
    );
    assert.equal(stored.reply !== null, known?.state === "answered");
  }
  for (const [key, { state: now, attempts }] of model.deliveries) {
    const stored = await store.delivery(key);
    assert.deepEqual([stored?.state, stored?.attempts], [now, attempts], key);
  }
  await assertAccounts(store);
}

describe("any series of steps", () => {
  it("leaves the store as the rules say, and every illegal step without effect", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const disk = createMemoryDisk();
        const run: Run = { store: await open(disk), disk, model: new Model(), turns: 0 };
        for (const one of steps) {
          await take(run, one);
          await compare(run);
        }
        disk.close();
      }),
      { numRuns: 250 },
    );
  });
});
