import assert from "node:assert/strict";
import { InvariantBroken } from "../../src/core/assert.ts";
import {
  accept,
  acceptOne,
  answered,
  answerOf,
  assertAccounts,
  AT,
  claim,
  claimOf,
  delivery,
  entryNow,
  eventsOf,
  HOLD,
  moveOf,
  newEntry,
  parts,
  PROMPTED,
  send,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

const END = { usesAttempt: true, deliveries: [], at: AT + 5 } as const;

export const turnCases: StoreCases = {
  "a claim makes its entries run under a new turn": async ({ store, reopen }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    assert.deepEqual(turn, {
      id: "t_1",
      session: newEntry(1).session,
      agent: "main",
      entries: ["m_1", "m_2"],
      attempt: 1,
      failures: 0,
      reruns: 0,
      state: "claimed",
      generation: 1,
      harness: null,
      model: null,
      nativeSession: null,
      custody: null,
      claimedAt: AT + 1,
    });
    const again = await reopen();
    assert.deepEqual(
      (await again.interrupted()).map((found) => [
        found.turn,
        found.entries.map(({ id, state, attempt }) => [id, state, attempt]),
      ]),
      [[turn, [["m_1", "running", 1], ["m_2", "running", 1]]]], // prettier-ignore
    );
    assert.deepEqual(await again.waiting(newEntry(1).session, 10), []);
    assert.deepEqual(await again.waitingSessions(), [newEntry(1).session]);
  },

  "a claim of something that moved on changes nothing": async ({ store }) => {
    const [one, two] = await accept(store, newEntry(1), newEntry(2));
    assert.ok(one && two);
    assert.equal(await store.move([moveOf(two, "cancelled")], [], AT), true);
    assert.equal(await store.claim(claimOf([one, two])), null);
    assert.equal((await entryNow(store, one.id)).state, "queued");
    assert.equal(await store.claim(claimOf([{ ...one, attempt: 1 }])), null);
    await assert.rejects(store.claim(claimOf([{ ...two, state: "cancelled" }])), InvariantBroken);
    await assert.rejects(store.claim(claimOf([])), InvariantBroken);
    await assertAccounts(store);
  },

  "a turn doesn't span sessions": async ({ store }) => {
    const other = newEntry(2, { session: newEntry(1).session.replace("12345", "9") as never });
    const entries = await accept(store, newEntry(1), other);
    await assert.rejects(store.claim(claimOf(entries)), InvariantBroken);
  },

  "entries that had a turn go on with it": async ({ store }) => {
    const first = await acceptOne(store, 1);
    const turn = await claim(store, [first]);
    await store.prompted(turn, PROMPTED);
    const running = await entryNow(store, first.id);
    const moves = [moveOf(running, "queued", { notBefore: AT + 99 })];
    assert.equal(await store.endTurn(turn, { ...END, moves }), true);
    const queued = await entryNow(store, first.id);
    assert.deepEqual([queued.state, queued.notBefore, queued.turn], ["queued", AT + 99, "t_1"]);
    const again = await claim(store, [queued, await acceptOne(store, 2)], "t_2");
    assert.deepEqual(
      [again.id, again.attempt, again.failures, again.nativeSession, again.custody, again.entries],
      ["t_1", 2, 1, "native-1", null, ["m_1", "m_2"]],
    );
    assert.equal((await entryNow(store, first.id)).attempt, 2);
  },

  "entries that left their turn begin a new one": async ({ store }) => {
    const turn = await claim(store, [await acceptOne(store, 1)]);
    const running = await entryNow(store, turn.entries[0] ?? newEntry(1).id);
    await store.endTurn(turn, { ...END, moves: [moveOf(running, "queued", { leaveTurn: true })] });
    const queued = await entryNow(store, running.id);
    assert.equal(queued.turn, null);
    const next = await claim(store, [queued], "t_2");
    assert.deepEqual([next.id, next.attempt, next.failures], ["t_2", 1, 0]);
  },

  "late words of an older attempt change nothing": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const old = await claim(store, [entry]);
    await store.prompted(old, PROMPTED);
    const now = await store.nextAttempt(old, { code: "harness-failed" }, AT + 3);
    assert.deepEqual([now?.attempt, now?.state, now?.failures], [2, "claimed", 0]);
    const running = await entryNow(store, entry.id);
    assert.equal(await store.prompted(old, PROMPTED), false);
    assert.equal(await store.answer(old, answerOf(parts(old, entry, 1))), false);
    assert.equal(await store.endTurn(old, { ...END, moves: [moveOf(running, "dead")] }), false);
    assert.equal(await store.nextAttempt(old, {}, AT), null);
    assert.equal((await entryNow(store, entry.id)).state, "running");
    assert.deepEqual(await store.pendingDeliveries(), []);
    const line = (await store.message(entry.id))?.history.at(-1);
    assert.deepEqual(
      [line?.event, line?.data],
      ["attempt", { code: "harness-failed", turn: "t_1", attempt: 2 }],
    );
  },

  "a turn is answered once, with all its deliveries": async ({ store, reopen }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    await store.prompted(turn, PROMPTED);
    const last = entries[1] ?? newEntry(2);
    assert.equal(await store.answer(turn, answerOf(parts(turn, last as never, 2))), true);
    assert.equal(await store.answer(turn, answerOf([])), false);
    const again = await reopen();
    const stored = await again.message(newEntry(1).id);
    assert.deepEqual(stored?.reply, { text: "the answer", files: [] });
    assert.deepEqual([stored.turn?.state, stored.entry.state], ["answered", "answered"]);
    assert.deepEqual(
      (await again.pendingDeliveries()).map(({ key, state, part, attempts }) => [key, state, part, attempts]),
      [["reply:t_1:0", "ready", 0, 0], ["reply:t_1:1", "ready", 1, 0]], // prettier-ignore
    );
    assert.deepEqual(await eventsOf(again, last.id), ["accepted", "claimed", "prompted", "answered"]);
    assert.deepEqual(await again.interrupted(), []);
  },

  "an answer whose people read the store is sent and done with the write that stores it": async ({
    store,
    reopen,
  }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    await store.prompted(turn, PROMPTED);
    const [, last = newEntry(2)] = entries;
    const shown = parts(turn, last as never, 2).map((part) => ({ ...part, shown: true }));
    assert.equal(await store.answer(turn, answerOf(shown)), true);
    const again = await reopen();
    assert.deepEqual(await again.pendingDeliveries(), []);
    const sent = await again.delivery("reply:t_1:0");
    assert.deepEqual([sent?.state, sent?.attempts, sent?.platformId], ["sent", 0, sent?.id]);
    for (const { id } of entries) assert.equal((await entryNow(again, id)).state, "done");
    assert.deepEqual(await eventsOf(again, last.id), [
      "accepted",
      "claimed",
      "prompted",
      "answered",
      "sent",
      "sent",
      "done",
    ]);
    await assertAccounts(again);
  },

  "one part that must be sent keeps an answer open, whatever was shown": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    const [first, second] = parts(turn, entry, 2);
    assert.ok(first && second);
    assert.equal(await store.answer(turn, answerOf([{ ...first, shown: true }, second])), true);
    assert.equal((await entryNow(store, entry.id)).state, "answered");
    assert.deepEqual(
      (await store.pendingDeliveries()).map(({ key }) => key),
      [second.key],
    );
  },

  "an answer with nothing to send is done": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    const notice = delivery("note", { kind: "notice", turn: turn.id, entry: entry.id });
    assert.equal(await store.answer(turn, answerOf([notice])), true);
    assert.equal((await entryNow(store, entry.id)).state, "done");
    await assertAccounts(store);
  },

  "an attempt ends without an answer, and people are told": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    const running = await entryNow(store, entry.id);
    const moves = [moveOf(running, "held", { hold: HOLD, data: { code: HOLD.code } })];
    const notice = delivery("end:t_1:1", { kind: "notice", turn: turn.id, entry: entry.id });
    const end = { ...END, usesAttempt: false, moves, deliveries: [notice] };
    assert.equal(await store.endTurn(turn, end), true);
    assert.equal(await store.endTurn(turn, end), false);
    assert.equal(await store.answer(turn, answerOf([])), false);
    const stored = await store.message(entry.id);
    assert.deepEqual([stored?.entry.hold, stored?.turn?.failures, stored?.turn?.state], [HOLD, 0, "ended"]);
    assert.equal(stored?.deliveries.length, 1);
  },

  "an entry that was taken out of its turn is passed over": async ({ store }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    const [one, two] = await Promise.all([entryNow(store, newEntry(1).id), entryNow(store, newEntry(2).id)]);
    assert.equal(await store.move([moveOf(one, "cancelled")], [], AT), true);
    assert.equal(
      await store.endTurn(turn, { ...END, moves: [moveOf(one, "queued"), moveOf(two, "queued")] }),
      true,
    );
    assert.equal((await entryNow(store, one.id)).state, "cancelled");
    assert.equal((await entryNow(store, two.id)).state, "queued");
  },

  "an attempt whose last entry was taken out is over": async ({ store }) => {
    const turn = await claim(store, [await acceptOne(store, 1)]);
    const running = await entryNow(store, newEntry(1).id);
    await store.move([moveOf(running, "queued")], [], AT);
    assert.equal(await store.prompted(turn, PROMPTED), false);
    assert.equal(await store.answer(turn, answerOf([])), false);
    assert.equal((await claim(store, [await entryNow(store, running.id)])).attempt, 2);
  },

  "moves outside of a turn are all or nothing": async ({ store }) => {
    const [one, two] = await accept(store, newEntry(1), newEntry(2));
    assert.ok(one && two);
    assert.equal(await store.move([moveOf(one, "held", { hold: HOLD })], [], AT), true);
    const stale = [moveOf(two, "cancelled"), moveOf(one, "cancelled")];
    assert.equal(await store.move(stale, [delivery("lost", { kind: "notice" })], AT), false);
    assert.equal((await entryNow(store, two.id)).state, "queued");
    assert.equal(await store.delivery("lost"), null);
    const held = await entryNow(store, one.id);
    assert.deepEqual(held.hold, HOLD);
    assert.equal(
      await store.move([moveOf(held, "queued")], [delivery("told", { kind: "notice" })], AT),
      true,
    );
    assert.equal((await entryNow(store, one.id)).hold, null);
    assert.equal((await store.delivery("told"))?.state, "ready");
    await assertAccounts(store);
  },

  "a step that no entry can make is a bug": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    await assert.rejects(store.move([moveOf(entry, "done")], [], AT), InvariantBroken);
    await assert.rejects(store.move([moveOf(entry, "held")], [], AT), InvariantBroken);
    await assert.rejects(store.move([moveOf(entry, "dead", { hold: HOLD })], [], AT), InvariantBroken);
    assert.equal((await entryNow(store, entry.id)).state, "queued");
  },

  "what is queued again after its answer begins a new turn": async ({ store }) => {
    const turn = await answered(store, 1);
    const [part] = await store.pendingDeliveries();
    assert.ok(part);
    await store.sending(part.id, "ready", 0, AT);
    await store.settle(part.id, 1, { state: "dead", detail: "blocked" }, AT);
    const dead = await entryNow(store, turn.entries[0] ?? newEntry(1).id);
    assert.equal(dead.state, "dead");
    await store.move([moveOf(dead, "queued")], [], AT);
    const next = await claim(store, [await entryNow(store, dead.id)], "t_again");
    assert.deepEqual([next.id, next.attempt], ["t_again", 1]);
  },

  "a control entry is answered outside of any turn": async ({ store, reopen }) => {
    const control = await acceptOne(store, 1, { kind: "control" });
    assert.deepEqual(await store.waiting(control.session, 10), []);
    assert.deepEqual(await store.waitingSessions(), []);
    const again = await reopen();
    assert.deepEqual(await again.pendingControls(), [control]);
    const answer = delivery("command:1", { kind: "command", entry: control.id });
    assert.equal(await again.move([moveOf(control, "answered")], [answer], AT), true);
    assert.deepEqual(await again.pendingControls(), []);
    assert.equal((await entryNow(again, control.id)).state, "answered");
    assert.deepEqual(
      (await send(again, "command:1")).map(({ id, state }) => [id, state]),
      [[control.id, "done"]],
    );
    assert.equal((await entryNow(again, control.id)).state, "done");
  },

  "a control entry with nothing to say is done": async ({ store }) => {
    const control = await acceptOne(store, 1, { kind: "control" });
    assert.equal(await store.move([moveOf(control, "answered")], [], AT), true);
    assert.equal((await entryNow(store, control.id)).state, "done");
    await assertAccounts(store);
  },
};
