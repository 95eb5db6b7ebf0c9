// The write-ahead log stays within its bounds under a steady load, gives back what one large transaction took, and is
// empty after a start. And what a message costs in pages.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import type { Store } from "../../src/ports/store.ts";
import { createDatabase, type Database } from "../../src/store/sqlite/database.ts";
import { migrate } from "../../src/store/sqlite/migrate.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { LOG_KEPT, STORE_FILE } from "../../src/store/sqlite/own.ts";
import { createStore } from "../../src/store/sqlite/store.ts";
import {
  accept,
  answerOf,
  AT,
  BATCH,
  body,
  claim,
  decided,
  delivery,
  newEntry,
  PROMPTED,
  sessionKey,
} from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";

/** Frames that may stand in the log beyond the bound: those of the batches before the look. */
const SLACK = 1.25;
const BOUND = 1000 * 4120;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "rollcall-log-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const open = (dir: string): Promise<Store> => openStore({ dir, clock: createFakeClock(), version: "test" });
const logOf = (dir: string): number => statSync(join(dir, `${STORE_FILE}-wal`)).size;
const session = (n: number) => sessionKey(`agent:main:telegram:direct:${n % 50}`);

test("under a steady load the log stays within its bound", async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  let largest = 0;
  for (let n = 0; n < 2000; n += 4) {
    await Promise.all([0, 1, 2, 3].map((k) => accept(store, newEntry(n + k, { session: session(n + k) }))));
    largest = Math.max(largest, logOf(dir));
  }
  const { accepted } = await store.totals();
  await store.close();
  assert.equal(accepted, 2000);
  assert.ok(largest <= BOUND * SLACK, `${largest} bytes`);
  t.diagnostic(
    `2000 messages, ${statSync(join(dir, STORE_FILE)).size} bytes of database: the log had ${largest} at most`,
  );
});

test("what one large transaction took is given back, and a start empties the log", async (t) => {
  const dir = folder(t);
  const store = await open(dir);
  const large = Array.from({ length: 20 }, (_, n) => newEntry(n, { body: body("x".repeat(1_000_000)) }));
  await accept(store, ...large);
  const full = logOf(dir);
  assert.ok(full > 2 * LOG_KEPT, `${full}`);
  for (let n = 100; n < 110; n++) await accept(store, newEntry(n));
  const after = logOf(dir);
  assert.ok(after <= LOG_KEPT, `${after}`);
  const killed = folder(t);
  cpSync(dir, killed, { recursive: true });
  await store.close();
  const again = await open(killed);
  const begun = logOf(killed);
  assert.equal((await again.totals()).accepted, 30);
  await again.close();
  assert.equal(begun, 0);
  t.diagnostic(
    `the log had ${full} bytes after one large transaction, ${after} soon after, ${begun} after a start`,
  );
});

interface Counted {
  readonly store: Store;
  readonly db: Database;
}

/** A store whose log can be looked at. */
function counted(t: TestContext): Counted {
  const db = createDatabase(new DatabaseSync(join(folder(t), STORE_FILE)));
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  db.get("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0");
  migrate(db);
  const defer = (run: () => void): void => void setImmediate(run);
  const parts = { db, epoch: 0, clock: createFakeClock(), defer, committed: () => {}, file: null };
  const store = createStore({ ...parts, release: () => db.close() });
  t.after(() => store.close());
  return { store, db };
}

test("what a message costs in pages of the log", async (t) => {
  const { store, db } = counted(t);
  const frames = new Map<string, number>();
  const log = (): number => db.get<{ log: number }>("PRAGMA wal_checkpoint(NOOP)")?.log ?? 0;
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const before = log();
    const value = await work();
    const after = log();
    frames.set(name, (frames.get(name) ?? 0) + (after >= before ? after - before : after));
    return value;
  };
  const FILL = 1500;
  const MEASURED = 50;
  for (let n = 0; n < FILL + MEASURED; n++) {
    if (n === FILL) frames.clear();
    const more = { session: session(n), dedupeKey: `message ${n % 50} ${n}` };
    const cursor = { ...BATCH, identity: "bot", value: String(n) };
    const items = [decided(newEntry(n, more))];
    const [accepted] = await step("accept", () => store.accept({ ...BATCH, items, cursor }));
    assert.ok(accepted?.outcome === "accepted");
    const turn = await step("claim", () => claim(store, [accepted.entry], `t_${n}`));
    await step("prompted", () => store.prompted(turn, PROMPTED));
    const reply = delivery(`reply:${turn.id}:0`, { turn: turn.id, entry: accepted.entry.id });
    await step("answer", () => store.answer(turn, answerOf([reply])));
    await step("sending", () => store.sending(reply.id, "ready", 0, AT));
    await step("settle", () => store.settle(reply.id, 1, { state: "sent", platformId: "1" }, AT));
  }
  const each = [...frames].map(([name, sum]) => [name, sum / MEASURED] as const);
  const all = each.reduce((sum, [, one]) => sum + one, 0);
  t.diagnostic(
    `pages of 4 KiB per message: ${all.toFixed(1)} (${each.map(([name, one]) => `${name} ${one.toFixed(1)}`).join(", ")})`,
  );
  assert.ok(all < 75, "an index more is felt by every message: look for what it replaces");
});
