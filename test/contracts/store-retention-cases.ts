import assert from "node:assert/strict";
import { canaryAddress } from "../../src/core/canary.ts";
import { ENDED_STATES } from "../../src/core/entry.ts";
import { DAY, HOUR } from "../../src/core/time.ts";
import { imbalancesOf } from "../../src/health/accounting-equations.ts";
import { LEFTOVERS, type ClearSlice, type Leftover } from "../../src/ports/retention.ts";
import type { Store } from "../../src/ports/store.ts";
import {
  accept,
  acceptOne,
  answered,
  answerOf,
  AT,
  BATCH,
  body,
  claim,
  decided,
  delivery,
  HOLD,
  messageId,
  moveOf,
  newEntry,
  parts,
  PROMPTED,
  send,
  sessionKey,
} from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

const LATER = AT + DAY;

/** Clears everything that may go, in slices. Returns how many messages went, and which files. */
export async function clearAll(
  store: Store,
  slice: Partial<ClearSlice> = {},
): Promise<{ readonly count: number; readonly files: readonly string[] }> {
  let count = 0;
  const files: string[] = [];
  for (const state of ENDED_STATES)
    for (let after: number | null = 0; after !== null;) {
      const cleared = await store.clear({ state, before: LATER, rows: 3, ...slice, after });
      count += cleared.count;
      files.push(...cleared.files);
      after = cleared.next;
    }
  return { count, files };
}

async function clearLeftovers(store: Store, what: readonly Leftover[] = LEFTOVERS): Promise<number> {
  let count = 0;
  for (const one of what)
    for (let after: string | null = ""; after !== null;) {
      const cleared = await store.clearLeftover(one, LATER, after, 2);
      count += cleared.count;
      after = cleared.next;
    }
  return count;
}

/** I18 after messages were cleared away: everything accepted is there, or counted as gone. */
export async function assertBooks(store: Store, purged: number): Promise<void> {
  const counted = await store.recount(1_000_000);
  assert.ok(counted);
  assert.deepEqual(imbalancesOf(counted), []);
  assert.equal(counted.purged, purged);
}

async function done(store: Store, n: number | string, more = {}): Promise<void> {
  await answered(store, n, more);
  await send(store, `reply:t_${n}:0`);
}

export const retentionCases: StoreCases = {
  "an ended message goes with its turn, deliveries and history, and is counted as gone": async ({
    store,
  }) => {
    await done(store, 1);
    const kept = await acceptOne(store, 2);
    assert.deepEqual(await clearAll(store), { count: 1, files: [] });
    assert.equal(await store.message(messageId("m_1")), null);
    assert.equal(await store.delivery("reply:t_1:0"), null);
    assert.deepEqual(await store.exchanges(kept.session, 0, 10), []);
    assert.equal((await store.counts()).done, 0);
    await assertBooks(store, 1);
  },

  "every end is an end: dead, cancelled and quarantined messages go too": async ({ store }) => {
    const entries = await accept(store, ...["a", "b", "c"].map((n) => newEntry(n)));
    const ends = ["dead", "cancelled", "quarantined"] as const;
    for (const [index, entry] of entries.entries())
      await store.move([moveOf(entry, ends[index] ?? "dead")], [], AT);
    assert.equal((await clearAll(store)).count, 3);
    await assertBooks(store, 3);
  },

  "nothing unfinished goes, however old": async ({ store }) => {
    await acceptOne(store, "queued");
    const held = await acceptOne(store, "held");
    await store.move([moveOf(held, "held", { hold: HOLD })], [], AT);
    const [running] = await accept(store, newEntry("running", { session: sessionKey("s2") }));
    assert.ok(running);
    await claim(store, [running], "t_running");
    await answered(store, "answered", { session: sessionKey("s3") });
    assert.equal((await clearAll(store, { before: AT + 1000 * DAY })).count, 0);
    for (const id of ["queued", "held", "running", "answered"]) {
      assert.ok(await store.message(messageId(`m_${id}`)), id);
      assert.equal(await store.clearOne(messageId(`m_${id}`), false), false);
    }
    await assertBooks(store, 0);
  },

  "what ended only now stays, however long it waited": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    await store.move([moveOf(entry, "cancelled")], [], LATER + HOUR);
    assert.equal((await clearAll(store)).count, 0);
    assert.equal((await clearAll(store, { before: LATER + 2 * HOUR })).count, 1);
  },

  "an ended message stays while something of it is still to be sent": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const notice = delivery("notice", { kind: "notice", entry: entry.id });
    await store.move([moveOf(entry, "cancelled")], [notice], AT);
    assert.equal((await clearAll(store)).count, 0);
    await send(store, "notice");
    assert.equal((await clearAll(store)).count, 1);
    assert.equal(await store.delivery("notice"), null);
  },

  "an ended message stays while another of its turn goes on, and the turn stays with the other": async ({
    store,
  }) => {
    const entries = await accept(store, newEntry(1), newEntry(2));
    const turn = await claim(store, entries);
    const [first, second] = entries;
    assert.ok(first && second);
    const running = { ...first, state: "running" as const, attempt: 1 };
    await store.move([moveOf(running, "cancelled")], [], AT);
    assert.equal((await clearAll(store)).count, 0);
    assert.equal(await store.prompted(turn, PROMPTED), true);
    assert.equal(await store.answer(turn, answerOf(parts(turn, second, 1))), true);
    assert.equal((await clearAll(store)).count, 0);
    await send(store, "reply:t_1:0");
    assert.equal((await clearAll(store)).count, 2);
    await assertBooks(store, 2);
  },

  "a redelivery of what was cleared is a duplicate, until its key is cleared too": async ({ store }) => {
    await done(store, 1);
    await clearAll(store);
    const again = { ...newEntry("again"), dedupeKey: newEntry(1).dedupeKey };
    const [result] = await store.accept({ ...BATCH, items: [decided(again)] });
    assert.deepEqual(result, { outcome: "duplicate", id: "m_1", same: true });
    assert.equal((await store.totals()).duplicate, 1);
    await assertBooks(store, 1);
    await store.clearLeftover("keys", Number.MAX_SAFE_INTEGER, "", 100);
    const [anew] = await store.accept({ ...BATCH, items: [decided(again)] });
    assert.equal(anew?.outcome, "accepted");
  },

  "a slice looks at no more than it was asked to, and the next goes on from there": async ({ store }) => {
    const entries = await accept(store, ...[1, 2, 3, 4, 5].map((n) => newEntry(n)));
    for (const entry of entries) await store.move([moveOf(entry, "cancelled")], [], AT);
    const slice = { state: "cancelled", before: LATER, rows: 2 } as const;
    const first = await store.clear({ ...slice, after: 0 });
    assert.deepEqual([first.count, first.next], [2, entries[1]?.seq]);
    const young = await store.clear({ ...slice, before: AT, after: 0 });
    assert.deepEqual([young.count, young.next], [0, null]);
    assert.equal((await clearAll(store)).count, 3);
  },

  "a dry run counts and changes nothing": async ({ store }) => {
    await done(store, 1);
    assert.equal((await clearAll(store, { dryRun: true })).count, 1);
    assert.deepEqual(await store.clearOne(messageId("m_1"), true), { state: "done", files: [] });
    assert.ok(await store.message(messageId("m_1")));
    await assertBooks(store, 0);
  },

  "one message is cleared by its id, and an unknown id is told": async ({ store }) => {
    const file = { kind: "document", name: "a.txt", mime: "text/plain" } as const;
    const attachments = [
      { ...file, source: { kind: "blob", key: "folder/a.txt" } } as const,
      { ...file, source: { kind: "platform", ref: "x" } } as const,
    ];
    await done(store, 1, { body: body("with a file", { attachments }) });
    assert.deepEqual(await store.clearOne(messageId("m_1"), false), {
      state: "done",
      files: ["folder/a.txt"],
    });
    assert.equal(await store.clearOne(messageId("m_1"), false), null);
    await assertBooks(store, 1);
  },

  "of canaries the latest of each agent stays": async ({ store }) => {
    const canary = (n: string, agent: string): Promise<void> =>
      done(store, n, { address: canaryAddress(agent), session: sessionKey(`canary ${agent}`), agent });
    await canary("a1", "a");
    await canary("b1", "b");
    await canary("a2", "a");
    await done(store, "people");
    assert.equal((await clearAll(store, { canaries: true })).count, 1);
    assert.equal(await store.message(messageId("m_a1")), null);
    for (const id of ["a2", "b1", "people"]) assert.ok(await store.message(messageId(`m_${id}`)), id);
    await assertBooks(store, 1);
  },

  "files of unfinished messages and of open deliveries are in use": async ({ store }) => {
    assert.deepEqual(await store.filesInUse(), { since: null, keys: [], paths: [] });
    const source = { kind: "blob", key: "folder/b.png" } as const;
    const attachments = [{ kind: "image", name: "b.png", mime: "image/png", source } as const];
    const entry = await acceptOne(store, 1, { body: body("", { attachments }), acceptedAt: AT + 5 });
    const file = { path: "/state/attachments/x/c.png", name: "c.png", mime: "image/png" };
    await store.addDelivery(delivery("with file", { body: { text: "", format: "plain", file } }));
    assert.deepEqual(await store.filesInUse(), {
      since: AT + 5,
      keys: ["folder/b.png"],
      paths: ["/state/attachments/x/c.png"],
    });
    await store.move([moveOf(entry, "cancelled")], [], AT);
    await send(store, "with file");
    assert.deepEqual(await store.filesInUse(), { since: null, keys: [], paths: [] });
  },

  "sent notices that belong to no message go, open ones stay": async ({ store }) => {
    for (const n of [1, 2, 3]) await store.addDelivery(delivery(`notice ${n}`, { kind: "notice" }));
    for (const n of [1, 3]) await send(store, `notice ${n}`);
    await answered(store, 1);
    await send(store, "reply:t_1:0");
    assert.equal(await clearLeftovers(store, ["deliveries"]), 2);
    assert.ok(await store.delivery("notice 2"));
    assert.ok(await store.delivery("reply:t_1:0"), "its message is there");
  },

  "a turn that its message left goes when the message is gone": async ({ store }) => {
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry], "t_left");
    const running = { ...entry, state: "running" as const, attempt: 1 };
    const moves = [moveOf(running, "queued", { leaveTurn: true })];
    assert.equal(await store.endTurn(turn, { moves, usesAttempt: true, deliveries: [], at: AT }), true);
    await store.move([moveOf({ ...entry, attempt: 1 }, "cancelled")], [], AT);
    assert.equal(await clearLeftovers(store, ["turns"]), 0);
    assert.equal((await clearAll(store)).count, 1);
    assert.equal(await clearLeftovers(store, ["turns"]), 1);
  },

  "a session goes with what its harnesses remember, when nobody wrote to it and no message is left": async ({
    store,
  }) => {
    await done(store, 1);
    await done(store, "young", { session: sessionKey("young"), acceptedAt: LATER + 1 });
    const { session } = newEntry(1);
    await store.setSessionModel(session, "echo/other");
    assert.equal(await clearLeftovers(store, ["sessions"]), 0);
    await clearAll(store);
    assert.equal(await clearLeftovers(store, ["sessions"]), 1);
    assert.equal(await store.nativeSession(session, "echo"), null);
    assert.equal(await store.sessionModel(session), null);
    assert.deepEqual(
      (await store.sessions(10)).map(({ key }) => key),
      ["young"],
    );
  },

  "usage, group talk and refused pairings go by their age; who is admitted stays": async ({ store }) => {
    await done(store, 1);
    const line = { author: "Ada", text: "so", at: AT };
    const address = { ...BATCH, conversation: "-100" };
    const pairing = (code: string) => ({ ...BATCH, code, sender: { id: code, name: "Bob" }, at: AT });
    await store.accept({
      ...BATCH,
      items: [
        { kind: "ignored", reason: "unaddressed", groupLine: { address, line } },
        { kind: "ignored", reason: "unaddressed", groupLine: { address, line: { ...line, at: LATER } } },
        ...["AAA", "BBB", "CCC"].map(
          (code) => ({ kind: "refused", code: "sender-refused", pairing: pairing(code) }) as const,
        ),
      ],
    });
    await store.decidePairing("AAA", "approved", AT, 0);
    await store.decidePairing("BBB", "denied", AT, 0);
    assert.equal(await clearLeftovers(store, ["usage"]), 1);
    assert.equal(await clearLeftovers(store, ["talk"]), 1);
    assert.equal(await clearLeftovers(store, ["pairings"]), 2);
    assert.deepEqual(
      (await store.pairings()).map(({ code }) => code),
      ["AAA"],
    );
    assert.equal((await store.groupTalk(address, 10)).length, 1);
  },
};
