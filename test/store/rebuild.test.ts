// What an opening does about what the last one found, or what nobody looked at yet.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import { createDatabase, type Database, type Value } from "../../src/store/sqlite/database.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { own, STORE_FILE } from "../../src/store/sqlite/own.ts";
import { acceptOne, assertAccounts, BATCH, messageId, newEntry } from "../contracts/store-samples.ts";
import { assertWhole, wholeScan } from "../contracts/store-integrity-cases.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { treesOf } from "../sweeps/disk/spots.ts";

const PAGE = 4096;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-rebuild-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const open = (dir: string): Promise<Store> => openStore({ dir, clock: createFakeClock(), version: "test" });

async function filled(t: TestContext): Promise<string> {
  const dir = folder(t);
  const store = await open(dir);
  for (let n = 1; n <= 5; n++) await acceptOne(store, n);
  await store.close();
  return dir;
}

/** Flips a bit of a text in the pages of one tree. */
function flipIn(dir: string, tree: string, text: string): void {
  const path = join(dir, STORE_FILE);
  const bytes = readFileSync(path);
  for (const page of treesOf(dir, STORE_FILE).get(tree) ?? []) {
    const at = bytes.subarray((page - 1) * PAGE, page * PAGE).indexOf(text);
    if (at >= 0) {
      const byte = (page - 1) * PAGE + at + text.length - 1;
      bytes[byte] = (bytes[byte] ?? 0) ^ 0x40;
    }
  }
  writeFileSync(path, bytes);
}

function meddle(dir: string, sql: string): void {
  const raw = new DatabaseSync(join(dir, STORE_FILE), { enableDoubleQuotedStringLiterals: false });
  raw.exec(sql);
  raw.close();
}

const again = (n: number) => newEntry(n, { id: messageId(`m_again_${n}`) });
const outcome = (store: Store, n: number): Promise<string> =>
  store.accept({ ...BATCH, items: [{ kind: "entry", entry: again(n), waitingLimit: 100 }] }).then(
    ([accepted]) => accepted?.outcome ?? "none",
    (error: unknown) => (error instanceof RollcallError ? error.code : String(error)),
  );

async function refusedAs(work: () => Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof RollcallError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

describe("an opening", () => {
  it("builds a damaged index of keys anew: what closed the intake is over, and nothing comes twice", async (t) => {
    const dir = await filled(t);
    flipIn(dir, "sqlite_autoindex_entries_2", "key 3");
    const store = await open(dir);
    assert.equal(await outcome(store, 3), "store-index");
    assert.equal(await outcome(store, 9), "store-index");
    await store.probe().catch(() => undefined);
    await store.close();
    const next = await open(dir);
    assert.equal(await outcome(next, 3), "duplicate");
    assert.equal(await outcome(next, 9), "accepted");
    await assertWhole(next);
    await assertAccounts(next);
    await next.close();
  });

  it("builds the digests anew when a look found that they are gone", async (t) => {
    const dir = await filled(t);
    meddle(dir, "DELETE FROM digests WHERE seq < 4");
    const store = await open(dir);
    const { found } = await wholeScan(store);
    assert.deepEqual(
      found.map(({ part, id }) => [part, id]),
      [["index", "digests"]],
    );
    await store.probe();
    await store.close();
    const next = await open(dir);
    await assertWhole(next);
    await next.close();
    // Once is enough.
    const last = await open(dir);
    assert.equal(await last.note("store.rebuild"), null);
    await last.close();
  });

  it("looks at what is unfinished before anybody uses it", async (t) => {
    const dir = await filled(t);
    meddle(dir, "UPDATE entries SET body = replace(body, 'text 2', 'text 9')");
    const store = await open(dir);
    const found: string[] = [];
    store.onDamage(({ part, id }) => found.push(`${part} ${id}`));
    assert.deepEqual(found, ["entry m_2"]);
    await store.probe();
    assert.equal((await store.counts()).quarantined, 1);
    await store.close();
  });

  it("never gives a number that is there already", async (t) => {
    const dir = await filled(t);
    meddle(dir, "UPDATE counters SET value = 2 WHERE name = 'store:entry'");
    const store = await open(dir);
    assert.equal((await acceptOne(store, 9)).seq, 6);
    await store.close();
    meddle(dir, "DELETE FROM counters WHERE name = 'store:entry'");
    const next = await open(dir);
    assert.equal((await acceptOne(next, 10)).seq, 7);
    await next.close();
  });

  it("refuses tables that aren't what they were made as", async (t) => {
    const dir = await filled(t);
    const raw = new DatabaseSync(join(dir, STORE_FILE));
    raw.enableDefensive?.(false);
    raw.exec(
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '''held''', '''hexd''') WHERE name = 'entries_waiting'",
    );
    raw.close();
    await refusedAs(() => open(dir), "store-corrupt");
  });

  it("refuses a disk that doesn't give back what was written to it", async (t) => {
    const dir = await filled(t);
    const real = createDatabase(new DatabaseSync(join(dir, STORE_FILE)));
    t.after(() => real.close());
    const asked = (sql: string) => (sql.includes("SELECT canary") ? { canary: "older" } : undefined);
    const forgetful = {
      ...real,
      get: (sql: string, ...values: Value[]) => asked(sql) ?? real.get(sql, ...values),
    };
    await refusedAs(async () => own(forgetful as Database, dir, "test", false), "store-corrupt");
  });

  it("a page that SQLite can't read ends the writing, and says that the store is damaged", async (t) => {
    const dir = await filled(t);
    const path = join(dir, STORE_FILE);
    const [page = 1] = treesOf(dir, STORE_FILE).get("group_talk_address") ?? [];
    const bytes = readFileSync(path);
    bytes.fill(0xff, (page - 1) * PAGE, page * PAGE);
    writeFileSync(path, bytes);
    const store = await open(dir);
    const parts: string[] = [];
    store.onDamage(({ part }) => parts.push(part));
    await refusedAs(() => store.groupTalk(newEntry(1).address, 5), "store-corrupt");
    await refusedAs(() => store.probe(), "store-corrupt");
    assert.equal(await outcome(store, 1), "store-corrupt");
    assert.deepEqual(parts, ["file"]);
    await store.close();
  });
});
