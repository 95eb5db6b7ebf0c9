import assert from "node:assert/strict";
import {
  acceptOne,
  answerOf,
  AT,
  claim,
  entryNow,
  eventsOf,
  moveOf,
  parts,
  PROMPTED,
  turnId,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

const END = { usesAttempt: true, deliveries: [], at: AT + 5 } as const;

/** What a start does with turns that were left. */
export const recoveryCases: StoreCases = {
  "a turn counts how often it runs again, across claims": async ({ store, reopen }) => {
    const entry = await acceptOne(store, 1);
    for (let reruns = 0; reruns < 2; reruns += 1) {
      const turn = await claim(store, [await entryNow(store, entry.id)]);
      assert.equal(turn.reruns, reruns);
      assert.equal(await store.prompted(turn, PROMPTED), true);
      const moves = [moveOf(await entryNow(store, entry.id), "queued", { event: "resumed" })];
      assert.equal(await store.endTurn(turn, { ...END, moves, rerun: true }), true);
    }
    const again = await reopen();
    const known = await again.turn(turnId("t_1"));
    assert.deepEqual([known?.reruns, known?.failures, known?.state], [2, 2, "ended"]);
    assert.equal(await again.turn(turnId("t_none")), null);
  },

  "an attempt that isn't counted leaves the count as it is": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    const moves = [moveOf(await entryNow(store, entry.id), "queued", { event: "rerun" })];
    assert.equal(await store.endTurn(turn, { ...END, moves, usesAttempt: false }), true);
    const known = await store.turn(turn.id);
    assert.deepEqual([known?.reruns, known?.failures], [0, 0]);
  },

  "what is begun is remembered across a claim, unless the turn is told to forget it": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    for (const forget of [false, true]) {
      const turn = await claim(store, [await entryNow(store, entry.id)]);
      assert.equal(await store.prompted(turn, PROMPTED), true);
      const moves = [moveOf(await entryNow(store, entry.id), "queued", { event: "rerun" })];
      assert.equal(await store.endTurn(turn, { ...END, moves, forget }), true);
      const next = await claim(store, [await entryNow(store, entry.id)]);
      const begun = forget ? [null, null, null] : [PROMPTED.harness, PROMPTED.model, PROMPTED.nativeSession];
      assert.deepEqual([next.harness, next.model, next.nativeSession], begun);
      const back = [moveOf(await entryNow(store, entry.id), "queued", { event: "rerun" })];
      assert.equal(await store.endTurn(next, { ...END, moves: back }), true);
    }
  },

  "an answer from a record is an answer, and says where it came from": async ({ store, reopen }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    assert.equal(await store.prompted(turn, PROMPTED), true);
    const again = await reopen();
    const answer = { ...answerOf(parts(turn, entry, 1)), adopted: "restart" };
    assert.equal(await again.answer(turn, answer), true);
    assert.equal(await again.answer(turn, answer), false, "once");
    assert.equal((await entryNow(again, entry.id)).state, "answered");
    const events = await eventsOf(again, entry.id);
    assert.ok(events.includes("adopted") && !events.includes("answered"), events.join());
    const line = (await again.message(entry.id))?.history.find(({ event }) => event === "adopted");
    assert.equal(line?.data["reason"], "restart");
  },
};
