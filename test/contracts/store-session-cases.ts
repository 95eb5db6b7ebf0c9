import assert from "node:assert/strict";
import {
  accept,
  acceptOne,
  answered,
  answerOf,
  AT,
  claim,
  entryNow,
  moveOf,
  newEntry,
  parts,
  PROMPTED,
  sessionKey,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

const SESSION = newEntry(1).session;

export const sessionCases: StoreCases = {
  "the harness's session is remembered with the last entry that it saw": async ({ store, reopen }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    await store.prompted(turn, PROMPTED);
    await store.answer(turn, answerOf([]));
    const again = await reopen();
    assert.deepEqual(await again.nativeSession(SESSION, "echo"), {
      native: "native-2",
      lastSeq: entries[1]?.seq,
    });
    assert.equal(await again.nativeSession(SESSION, "other"), null);
  },

  "an answer that names no session leaves the remembered one": async ({ store }) => {
    await answered(store, 1);
    const known = await store.nativeSession(SESSION, "echo");
    const entry = await acceptOne(store, 2);
    const turn = await claim(store, [entry], "t_2");
    await store.prompted(turn, PROMPTED);
    await store.answer(turn, { ...answerOf([]), nativeSession: null });
    assert.deepEqual(await store.nativeSession(SESSION, "echo"), known);
  },

  "exchanges are the newest, oldest first, after what was seen": async ({ store }) => {
    for (const n of [1, 2, 3]) await answered(store, n);
    await acceptOne(store, 4);
    await answered(store, 5, { session: sessionKey("agent:main:telegram:direct:9") });
    const texts = async (after: number, limit: number) =>
      (await store.exchanges(SESSION, after, limit)).map(({ text, reply }) => [text, reply]);
    assert.deepEqual(await texts(0, 2), [["text 2", "the answer"], ["text 3", "the answer"]]); // prettier-ignore
    const [first] = await store.exchanges(SESSION, 0, 10);
    assert.deepEqual(await texts(first?.seq ?? 0, 10), [["text 2", "the answer"], ["text 3", "the answer"]]); // prettier-ignore
  },

  "the texts of one turn are one exchange": async ({ store }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    await store.answer(turn, answerOf([]));
    assert.deepEqual(
      (await store.exchanges(SESSION, 0, 5)).map(({ seq, text, at }) => [seq, text, at]),
      [[entries[1]?.seq, "text 1\n\ntext 2", AT + 3]],
    );
  },

  "a reset begins afresh": async ({ store, reopen }) => {
    await answered(store, 1);
    await store.setSessionModel(SESSION, "echo/other");
    await store.resetSession(SESSION, AT);
    await store.resetSession(sessionKey("agent:main:nobody"), AT);
    const again = await reopen();
    assert.equal(await again.nativeSession(SESSION, "echo"), null);
    assert.deepEqual(await again.exchanges(SESSION, 0, 10), []);
    assert.equal(await again.sessionModel(SESSION), "echo/other");
    await answered(again, 2);
    assert.equal((await again.exchanges(SESSION, 0, 10)).length, 1);
  },

  "an answer that comes after a reset doesn't bring the session back": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    await store.prompted(turn, PROMPTED);
    await store.resetSession(SESSION, AT);
    assert.equal(await store.answer(turn, answerOf(parts(turn, entry, 1))), true);
    assert.equal(await store.nativeSession(SESSION, "echo"), null);
    assert.deepEqual(await store.exchanges(SESSION, 0, 10), []);
  },

  "what is claimed again after a reset doesn't resume": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    await store.prompted(turn, PROMPTED);
    const moves = [moveOf(await entryNow(store, entry.id), "queued")];
    await store.endTurn(turn, { moves, usesAttempt: false, deliveries: [], at: AT });
    await store.resetSession(SESSION, AT);
    const again = await claim(store, [await entryNow(store, entry.id)]);
    assert.deepEqual([again.attempt, again.nativeSession], [2, null]);
  },

  "a chosen model stays until it is taken back": async ({ store, reopen }) => {
    assert.equal(await store.sessionModel(SESSION), null);
    await store.setSessionModel(SESSION, "echo/a");
    await acceptOne(store, 1);
    const again = await reopen();
    assert.equal(await again.sessionModel(SESSION), "echo/a");
    await again.setSessionModel(SESSION, null);
    assert.equal(await again.sessionModel(SESSION), null);
  },

  "sessions wait in the order of their oldest message": async ({ store }) => {
    const other = sessionKey("agent:main:telegram:direct:9");
    await accept(store, newEntry(1), newEntry(2, { session: other }), newEntry(3));
    assert.deepEqual(await store.waitingSessions(), [SESSION, other]);
    const [first] = await store.waiting(SESSION, 1);
    assert.ok(first);
    await store.move([moveOf(first, "cancelled")], [], AT);
    assert.deepEqual(await store.waitingSessions(), [other, SESSION]);
    assert.deepEqual(
      (await store.waiting(SESSION, 10)).map(({ id }) => id),
      ["m_3"],
    );
  },

  "sessions are listed with their harnesses, the latest first": async ({ store }) => {
    await answered(store, 1);
    const other = sessionKey("agent:main:telegram:direct:9");
    await acceptOne(store, 2, { session: other, acceptedAt: AT + 10 });
    await acceptOne(store, 3, { session: other, acceptedAt: AT + 11, kind: "control" });
    assert.deepEqual(await store.sessions(10), [
      { key: other, agent: "main", lastAt: AT + 11, messages: 1, harnesses: [] },
      {
        key: SESSION,
        agent: "main",
        lastAt: AT,
        messages: 1,
        harnesses: [{ harness: "echo", native: "native-2" }],
      },
    ]);
    assert.equal((await store.sessions(1)).length, 1);
  },
};
