// What somebody or something changed behind the store's back is found by use and by the next look at everything, is told
// once, and is never run, sent or sealed in.
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import type { Damage } from "../../src/ports/integrity.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import {
  accept,
  acceptOne,
  answered,
  answerOf,
  assertAccounts,
  AT,
  BATCH,
  claim,
  claimOf,
  delivery,
  entryNow,
  messageId,
  moveOf,
  newEntry,
  PROMPTED,
  send,
  sessionKey,
} from "../contracts/store-samples.ts";
import { everyState, wholeScan } from "../contracts/store-integrity-cases.ts";
import { createFakeClock } from "../fakes/clock.ts";

interface Opened {
  readonly disk: MemoryDisk;
  readonly store: Store;
  readonly found: Damage[];
}

async function opened(t: TestContext): Promise<Opened> {
  const disk = createMemoryDisk();
  t.after(() => disk.close());
  const store = await openMemoryStore(createFakeClock(), disk);
  const found: Damage[] = [];
  store.onDamage((damage) => found.push(damage));
  return { disk, store, found };
}

const SESSION = newEntry(0).session;

/** Changes that keep every index in step, so that only a hash tells. */
const SABOTAGE: Readonly<Record<string, { readonly sql: string; readonly part: Damage["part"] }>> = {
  "an entry's text": {
    sql: "UPDATE entries SET body = replace(body, 'text', 'texT') WHERE id = 'm_queued'",
    part: "entry",
  },
  "an entry's sender": {
    sql: "UPDATE entries SET sender = replace(sender, 'Ada', 'Bob') WHERE id = 'm_queued'",
    part: "entry",
  },
  "an entry's place": { sql: "UPDATE entries SET conversation = '666' WHERE id = 'm_held'", part: "entry" },
  "an entry's session": { sql: "UPDATE entries SET session = 'other' WHERE id = 'm_held'", part: "entry" },
  "an entry's state": { sql: "UPDATE entries SET state = 'queued' WHERE id = 'm_done'", part: "entry" },
  "an entry's attempt": { sql: "UPDATE entries SET attempt = 7 WHERE id = 'm_running'", part: "entry" },
  "a whole older row": {
    sql: `UPDATE entries SET state = 'queued', attempt = 0, turn = NULL, chain = (SELECT chain FROM before),
      seal = (SELECT seal FROM before) WHERE id = 'm_later'`,
    part: "history",
  },
  "a line's words": {
    sql: "UPDATE history SET event = 'sent' WHERE entry = 'm_held' AND event = 'held'",
    part: "history",
  },
  "a line in the middle": {
    sql: "DELETE FROM history WHERE entry = 'm_done' AND event = 'prompted'",
    part: "history",
  },
  "the last line": {
    sql: "DELETE FROM history WHERE entry = 'm_cancelled' AND event = 'cancelled'",
    part: "history",
  },
  "all lines": { sql: "DELETE FROM history WHERE entry = 'm_queued'", part: "history" },
  "a line more": {
    sql: "INSERT INTO history SELECT entry, n + 1000, at, epoch, event, data, state, attempt, hash FROM history WHERE entry = 'm_queued'",
    part: "history",
  },
  "a reply": { sql: "UPDATE turns SET reply = replace(reply, 'answer', 'Answer')", part: "turn" },
  "a turn's process": {
    sql: `UPDATE turns SET custody = '{"pid":1,"startTime":"1","marker":"x"}' WHERE id = 't_running'`,
    part: "turn",
  },
  "a turn is gone": { sql: "DELETE FROM turns WHERE id = 't_done'", part: "turn" },
  "a delivery's text": {
    sql: "UPDATE deliveries SET body = replace(body, 'said', 'Said') WHERE state = 'ready'",
    part: "delivery",
  },
  "a delivery's address": {
    sql: "UPDATE deliveries SET address = 'telegram/default/666' WHERE state = 'ready'",
    part: "delivery",
  },
  "a delivery's doubt": { sql: "UPDATE deliveries SET in_doubt = 1 WHERE state = 'sent'", part: "delivery" },
  "a cursor": { sql: "UPDATE cursors SET value = '999'", part: "cursor" },
  "a digest is gone": { sql: "DELETE FROM digests WHERE seq = 1", part: "index" },
  "a digest leads elsewhere": { sql: "UPDATE digests SET seq = 1 WHERE seq = 2", part: "digest" },
};

describe("damage", () => {
  for (const [what, { sql, part }] of Object.entries(SABOTAGE)) {
    it(`${what}: found by one look at everything, told once`, async (t) => {
      const { disk, store, found } = await opened(t);
      await everyState(store);
      await store.accept({ ...BATCH, items: [], cursor: { ...BATCH, identity: "bot", value: "7" } });
      const later = await acceptOne(store, "later");
      disk.db.exec("CREATE TABLE before AS SELECT chain, seal FROM entries WHERE id = 'm_later'");
      await claim(store, [later], "t_later");
      disk.db.exec(sql);
      await wholeScan(store);
      assert.ok(
        found.some((damage) => damage.part === part),
        JSON.stringify(found),
      );
      const told = found.length;
      await wholeScan(store);
      assert.equal(found.length, told);
    });
  }

  it("nothing that fails is given to a lane; it is quarantined, and everything else goes on", async (t) => {
    const { disk, store, found } = await opened(t);
    const entries = await accept(store, newEntry(1), newEntry(2), newEntry(3));
    disk.db.exec("UPDATE entries SET body = replace(body, 'text 2', 'text 9') WHERE id = 'm_2'");
    const waiting = await store.waiting(SESSION, 10);
    assert.deepEqual(
      waiting.map(({ id }) => id),
      ["m_1", "m_3"],
    );
    assert.deepEqual(
      found.map(({ part, id, setAside }) => [part, id, setAside]),
      [["entry", "m_2", true]],
    );
    await store.probe();
    const shown = await store.message(messageId("m_2"));
    assert.deepEqual([shown?.entry.state, shown?.entry.body.text], ["quarantined", ""]);
    assert.deepEqual(shown?.dead?.code, "store-corrupt");
    assert.deepEqual(
      shown?.history.map(({ event }) => event),
      ["accepted", "quarantined"],
    );
    await assertAccounts(store);
    assert.equal(await store.claim(claimOf([entries[1] ?? assert.fail()])), null);
    assert.ok(await store.claim(claimOf(waiting)));
    // Whoever puts it back gets it set aside again.
    await store.move([moveOf(await entryNow(store, messageId("m_2")), "queued")], [], AT);
    assert.deepEqual(await store.waiting(SESSION, 10), []);
    await store.probe();
    assert.equal((await entryNow(store, messageId("m_2"))).state, "quarantined");
    await assertAccounts(store);
  });

  it("a history that lost its end keeps an entry from running", async (t) => {
    const { disk, store, found } = await opened(t);
    const entry = await acceptOne(store, 1);
    disk.db.exec("DELETE FROM history");
    assert.equal(await store.claim(claimOf([entry])), null);
    assert.deepEqual(
      found.map(({ part }) => part),
      ["history"],
    );
    await store.probe();
    assert.equal((await store.counts()).quarantined, 1);
  });

  it("an interrupted turn that isn't as it was written isn't gone on with", async (t) => {
    const { disk, store, found } = await opened(t);
    const entry = await acceptOne(store, 1);
    const turn = await claim(store, [entry]);
    await store.prompted(turn, { ...PROMPTED, custody: { pid: 4711, startTime: "1", marker: "x" } });
    disk.db.exec("UPDATE turns SET custody = replace(custody, '4711', '4712')");
    assert.deepEqual(await store.interrupted(), []);
    await store.probe();
    assert.equal((await store.counts()).quarantined, 1);
    assert.ok(found.some(({ part, id }) => part === "turn" && id === turn.id));
  });

  it("nothing that fails is sent, and its message ends as one that couldn't be", async (t) => {
    const { disk, store, found } = await opened(t);
    await answered(store, 1);
    const open = await store.delivery("reply:t_1:0");
    assert.ok(open);
    disk.db.exec("UPDATE deliveries SET body = replace(body, 'said', 'Said')");
    assert.equal(await store.sending(open.id, "ready", 0, AT), null);
    assert.deepEqual(await store.openAfter(0, 10), []);
    assert.deepEqual(await store.pendingDeliveries(), []);
    assert.equal(await store.delivery(open.key), null);
    await store.probe();
    assert.equal((await entryNow(store, messageId("m_1"))).state, "dead");
    assert.deepEqual(
      found.map(({ part, setAside }) => [part, setAside]),
      [["delivery", true]],
    );
    await assertAccounts(store);
  });

  it("a reply that fails isn't shown, nor told to the next turn", async (t) => {
    const { disk, store } = await opened(t);
    await answered(store, 1);
    await answered(store, 2);
    disk.db.exec("UPDATE turns SET reply = replace(reply, 'answer', 'Answer') WHERE id = 't_1'");
    assert.equal((await store.message(messageId("m_1")))?.reply, null);
    assert.deepEqual(
      (await store.exchanges(SESSION, 0, 10)).map(({ text }) => text),
      ["text 2"],
    );
  });

  it("a change never seals damage in", async (t) => {
    const { disk, store } = await opened(t);
    await answered(store, 1);
    disk.db.exec("UPDATE deliveries SET platform_id = 'other'; UPDATE entries SET agent = 'other'");
    await send(store, "reply:t_1:0").catch(() => undefined);
    const { found } = await wholeScan(store);
    assert.deepEqual(found.map(({ part }) => part).toSorted(), ["delivery", "entry"]);
    await answered(store, 3);
    disk.db.exec("UPDATE entries SET conversation = '666' WHERE id = 'm_3'");
    await send(store, "reply:t_3:0");
    assert.ok((await wholeScan(store)).found.some(({ id }) => id === "m_3"));
    const turn = await claim(store, [await acceptOne(store, 2)], "t_2");
    disk.db.exec("UPDATE turns SET claimed_at = 1 WHERE id = 't_2'");
    await store.prompted(turn, PROMPTED);
    await store.answer(turn, answerOf([delivery("reply:t_2:0", { turn: turn.id, entry: messageId("m_2") })]));
    assert.equal((await store.message(messageId("m_2")))?.reply, null);
  });

  it("a cursor that fails is begun anew: keys tell what came before", async (t) => {
    const { disk, store } = await opened(t);
    await store.accept({ ...BATCH, items: [], cursor: { ...BATCH, identity: "bot", value: "7" } });
    assert.equal((await store.cursor(BATCH.channel, BATCH.account, "bot"))?.value, "7");
    disk.db.exec("UPDATE cursors SET value = '9'");
    assert.equal(await store.cursor(BATCH.channel, BATCH.account, "bot"), null);
  });
});

describe("a key that is known twice", () => {
  const key = (n: number) => newEntry(n, { id: messageId(`m_again_${n}`) });
  const outcome = async (store: Store, n: number): Promise<string> =>
    store.accept({ ...BATCH, items: [{ kind: "entry", entry: key(n), waitingLimit: 100 }] }).then(
      ([accepted]) => accepted?.outcome ?? "none",
      (error: unknown) => (error instanceof RollcallError ? error.code : String(error)),
    );

  it("an index that lost a key lets nothing in, neither this message nor any other", async (t) => {
    const { disk, store, found } = await opened(t);
    await acceptOne(store, 1);
    assert.equal(await outcome(store, 1), "duplicate");
    // The row's key changes in the table and the index, as a flipped page would show another one.
    disk.db.exec("UPDATE entries SET dedupe_key = 'other' WHERE id = 'm_1'");
    assert.equal(await outcome(store, 1), "store-index");
    assert.equal(await outcome(store, 2), "store-index");
    await assert.rejects(
      store.probe(),
      (error) => error instanceof RollcallError && error.code === "store-index",
    );
    assert.ok(found.some(({ part, id }) => part === "index" && id === "keys"));
    assert.equal((await store.totals()).accepted, 1);
  });

  it("an index that makes up a key loses no message: nothing is accepted", async (t) => {
    const { disk, store } = await opened(t);
    await acceptOne(store, 1);
    disk.db.exec("UPDATE entries SET dedupe_key = 'key 2' WHERE id = 'm_1'");
    assert.equal(await outcome(store, 2), "store-index");
  });

  it("two keys with one digest are two messages", async (t) => {
    const { disk, store } = await opened(t);
    await acceptOne(store, 1);
    await acceptOne(store, 2);
    const { digest } =
      disk.db.get<{ digest: number }>("SELECT digest FROM entries WHERE id = 'm_2'") ?? assert.fail();
    // As if the first message's key had the digest that a third one has.
    disk.db.exec("DELETE FROM digests WHERE seq = 2");
    disk.db.exec("DELETE FROM entries WHERE id = 'm_2'");
    disk.db.run("INSERT INTO digests VALUES (?, 1)", digest);
    assert.equal(await outcome(store, 2), "accepted");
    assert.equal(await outcome(store, 2), "duplicate");
    assert.equal(await outcome(store, 1), "duplicate");
  });

  it("a message that was cleared away frees its digest", async (t) => {
    const { disk, store } = await opened(t);
    const entry = await acceptOne(store, 1, { session: sessionKey("s") });
    await store.move([moveOf(entry, "cancelled")], [], AT);
    await store.clearOne(entry.id, false);
    assert.deepEqual(disk.db.all("SELECT * FROM digests"), []);
  });
});
