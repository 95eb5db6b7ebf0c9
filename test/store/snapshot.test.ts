import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Store } from "../../src/ports/store.ts";
import { createCommitter } from "../../src/store/sqlite/committer.ts";
import { createDatabase } from "../../src/store/sqlite/database.ts";
import { migrate } from "../../src/store/sqlite/migrate.ts";
import { createMemoryDisk, openMemoryStore, openStore } from "../../src/store/sqlite/open.ts";
import { acceptOne, answered, body, sessionKey } from "../contracts/store-samples.ts";
import { createFakeClock, settle } from "../fakes/clock.ts";

const never = new AbortController().signal;

async function opened(t: TestContext): Promise<{ readonly dir: string; readonly store: Store }> {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-snapshot-"));
  const store = await openStore({ dir, clock: systemClock, version: "test" });
  t.after(async () => {
    await store.close();
    rmSync(dir, { recursive: true });
  });
  return { dir, store };
}

/** Ids of the messages in a copy, oldest first. */
function idsIn(path: string): readonly string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  const rows = db.prepare("SELECT id FROM entries ORDER BY seq").all() as { id: string }[];
  db.close();
  return rows.map(({ id }) => id);
}

const more = (n: string): object => ({ session: sessionKey(n), body: body("so ".repeat(500)) });

describe("a copy of the store", () => {
  it("has everything that was committed before, whole, while writes go on", async (t) => {
    const { dir, store } = await opened(t);
    for (let n = 0; n < 300; n++) await acceptOne(store, `before ${n}`, more(`${n}`));
    const enough = new AbortController();
    let during = 0;
    const load = (async () => {
      while (!enough.signal.aborted) await acceptOne(store, `during ${during++}`, more(`during ${during}`));
    })();
    const path = join(dir, "copy.db");
    const snapshot = await store.snapshot(path, never);
    enough.abort();
    await load;
    const ids = idsIn(path);
    const before = Array.from({ length: 300 }, (_, n) => `m_before ${n}`);
    assert.deepEqual(ids.slice(0, 300), before);
    assert.deepEqual(
      ids.slice(300),
      Array.from({ length: ids.length - 300 }, (_, n) => `m_during ${n}`),
    );
    assert.ok(snapshot.commit >= 300);
    assert.ok(during > 0);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.startsWith("copy")),
      ["copy.db"],
    );
    t.diagnostic(`${during} messages were accepted meanwhile, ${ids.length - 300} of them are in the copy`);
  });

  it("names the sessions whose records belong to it", async (t) => {
    const { dir, store } = await opened(t);
    await answered(store, 1);
    const { sessions } = await store.snapshot(join(dir, "copy.db"), never);
    assert.deepEqual(
      sessions.map((one) => ({ ...one })),
      [{ harness: "echo", native: "native-2", agent: "main" }],
    );
  });

  it("the log is copied into the database again afterwards", async (t) => {
    const { dir, store } = await opened(t);
    const size = (): number =>
      new DatabaseSync(join(dir, "copy2.db")).prepare("PRAGMA page_count").all().length;
    await store.snapshot(join(dir, "copy.db"), never);
    for (let n = 0; n < 600; n++) await acceptOne(store, n, more(`${n}`));
    await store.snapshot(join(dir, "copy2.db"), never);
    assert.equal(idsIn(join(dir, "copy2.db")).length, 600);
    assert.equal(size(), 1);
  });

  it("while it is made the database's file doesn't change, however much is written", async (t) => {
    const dir = mkdtempSync(join(tmpdir(), "rollcall-held-"));
    t.after(() => rmSync(dir, { recursive: true }));
    const file = join(dir, "held.db");
    const db = createDatabase(new DatabaseSync(file));
    db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    migrate(db);
    db.exec("CREATE TABLE t (x TEXT); UPDATE meta SET epoch = 1; PRAGMA wal_checkpoint(TRUNCATE)");
    const defer = (run: () => void): void => void setImmediate(run);
    const committer = createCommitter({ db, epoch: 1, defer, committed: () => {} });
    const write = async (): Promise<void> => {
      await committer.write(() => {
        for (let n = 0; n < 1200; n++) db.run("INSERT INTO t VALUES (?)", "so ".repeat(1500));
      });
      // The log is looked at after the callers of the batch had their turn.
      await settle();
    };
    const before = readFileSync(file);
    const [first, second] = [committer.holdCheckpoints(), committer.holdCheckpoints()];
    await write();
    first();
    first();
    await write();
    assert.ok(readFileSync(file).equals(before), "as long as anybody holds it");
    second();
    await write();
    assert.ok(readFileSync(file).length > before.length);
    db.close();
  });

  it("a store that is being copied holds its checkpoints", async (t) => {
    const { dir, store } = await opened(t);
    for (let n = 0; n < 50; n++) await acceptOne(store, n, { body: body("so ".repeat(2000)) });
    const before = readFileSync(join(dir, "store.db"));
    const copying = store.snapshot(join(dir, "copy.db"), never);
    // Far more than the log may hold otherwise; the copying process needs longer than this to begin.
    for (let n = 50; n < 200; n++) void acceptOne(store, n, { body: body("so ".repeat(12_000)) });
    await settle(8);
    assert.ok(readFileSync(join(dir, "store.db")).equals(before));
    assert.ok((await copying).commit > 0);
  });

  it("one that is broken off leaves nothing behind, and the store goes on", async (t) => {
    const { dir, store } = await opened(t);
    await acceptOne(store, 1);
    const path = join(dir, "copy.db");
    const broken = store.snapshot(path, AbortSignal.abort());
    await assert.rejects(broken, (error) => error instanceof RollcallError && error.code === "store-io");
    assert.equal(existsSync(path), false);
    await acceptOne(store, 2);
    assert.equal((await store.snapshot(path, never)).bytes > 0, true);
    const again = store.snapshot(path, never);
    await assert.rejects(again, RollcallError);
    assert.ok(existsSync(path), "what is there is never overwritten");
  });

  it("a store in memory has none", async () => {
    const disk = createMemoryDisk();
    const store = await openMemoryStore(createFakeClock(), disk);
    await assert.rejects(store.snapshot("/nowhere", never), /can't do that/);
    disk.close();
  });
});
