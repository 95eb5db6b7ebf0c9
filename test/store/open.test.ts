import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import type { ErrorCode } from "../../src/core/errors.ts";
import { RollcallError } from "../../src/core/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import { openStore, STORE_FILE } from "../../src/store/sqlite/open.ts";
import { accept, acceptOne, newEntry } from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";

const OWNER = join(import.meta.dirname, "owner-process.ts");

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-store-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function open(dir: string, committed?: (commit: number) => void): Promise<Store> {
  const clock = createFakeClock();
  return openStore({ dir, clock, version: "1.2.3", ...(committed && { committed }) });
}

async function refused(dir: string, code: ErrorCode, detail: RegExp): Promise<void> {
  await assert.rejects(open(dir), (error) => {
    assert.ok(error instanceof RollcallError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.detail ?? "", detail);
    return true;
  });
}

describe("opening the store", () => {
  it("its files are its owner's only", async (t) => {
    const dir = folder(t);
    const store = await open(dir);
    await acceptOne(store, 1);
    for (const file of [STORE_FILE, `${STORE_FILE}-wal`, "holder.json"]) {
      assert.equal(statSync(join(dir, file)).mode & 0o777, 0o600, file);
    }
    await store.close();
    assert.deepEqual(
      [existsSync(join(dir, "holder.json")), existsSync(join(dir, STORE_FILE))],
      [false, true],
    );
  });

  it("a file that others could read is closed to them", async (t) => {
    const dir = folder(t);
    await (await open(dir)).close();
    chmodSync(join(dir, STORE_FILE), 0o644);
    const store = await open(dir);
    assert.equal(statSync(join(dir, STORE_FILE)).mode & 0o777, 0o600);
    await store.close();
  });

  it("each commit waits for the disk, and the log is cleared at the next start", async (t) => {
    const dir = folder(t);
    const store = await open(dir);
    await acceptOne(store, 1);
    const log = join(dir, `${STORE_FILE}-wal`);
    assert.ok(statSync(log).size > 0);
    await store.close();
    const again = await open(dir);
    // Only the raised epoch.
    assert.ok(statSync(log).size < 3 * 4200, String(statSync(log).size));
    assert.equal((await again.totals()).accepted, 1);
    await again.close();
  });

  it("the log doesn't grow without end", async (t) => {
    const dir = folder(t);
    const store = await open(dir);
    for (let n = 0; n < 60; n++)
      await acceptOne(store, n, { body: { ...newEntry(n).body, text: "x".repeat(100_000) } });
    assert.ok(statSync(join(dir, `${STORE_FILE}-wal`)).size < 5_000_000);
    await store.close();
  });

  it("writes that meet share commits, others have their own", async (t) => {
    const dir = folder(t);
    const commits: number[] = [];
    const store = await open(dir, (commit) => commits.push(commit));
    await Promise.all([1, 2, 3, 4].map((n) => accept(store, newEntry(n))));
    assert.equal(commits.length, 1);
    await acceptOne(store, 5);
    await acceptOne(store, 6);
    assert.equal(commits.length, 3);
    assert.deepEqual(commits, [1, 2, 3]);
    await store.close();
    const again = await open(dir, (commit) => commits.push(commit));
    await again.probe();
    assert.equal(commits.at(-1), 4);
    await again.close();
  });

  it("a second opener in the same process is turned away, and the lock holds on", async (t) => {
    const dir = folder(t);
    const store = await open(dir);
    await refused(dir, "store-held", new RegExp(`process ${process.pid} `));
    // A descriptor of the file that was closed by the way would have dropped the process's locks.
    const other = spawnSync(process.execPath, [OWNER, dir, "hold"], { encoding: "utf8", timeout: 20_000 });
    assert.match(
      other.stderr,
      new RegExp(`store-held[^]*process ${process.pid} |process ${process.pid} [^]*store-held`),
    );
    assert.equal(other.status, 1);
    await acceptOne(store, 1);
    await store.close();
    const again = await open(dir);
    assert.equal((await again.totals()).accepted, 1);
    await again.close();
  });

  it("a store of a newer version is left alone", async (t) => {
    const dir = folder(t);
    await (await open(dir)).close();
    const raw = new DatabaseSync(join(dir, STORE_FILE));
    raw.exec("PRAGMA user_version = 9999; UPDATE meta SET written_by = '9.9.9'");
    raw.close();
    const before = readFileSync(join(dir, STORE_FILE));
    await refused(dir, "store-newer", /schema 9999, written by 9\.9\.9/);
    assert.deepEqual(readFileSync(join(dir, STORE_FILE)), before);
  });

  it("what isn't a store is unreadable", async (t) => {
    const dir = folder(t);
    writeFileSync(join(dir, STORE_FILE), "x".repeat(5000));
    await refused(dir, "store-unreadable", /not a database/);
  });

  it("another program's database is left alone", async (t) => {
    const dir = folder(t);
    const raw = new DatabaseSync(join(dir, STORE_FILE));
    raw.exec("CREATE TABLE theirs (a)");
    raw.close();
    await refused(dir, "store-unreadable", /another program/);
  });

  it("a damaged schema is unreadable", async (t) => {
    const dir = folder(t);
    await (await open(dir)).close();
    const file = join(dir, STORE_FILE);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xff, 100, 4096));
    await refused(dir, "store-unreadable", /malformed/);
  });

  it("a folder that isn't there can't be written", async (t) => {
    await refused(join(folder(t), "missing"), "state-unwritable", /ENOENT/);
  });

  it("a database that isn't a file can't be written", async (t) => {
    const dir = folder(t);
    await (await open(dir)).close();
    rmSync(join(dir, STORE_FILE));
    // A name that leads nowhere, which even root can't create.
    symlinkSync(join(dir, "no", "such", "place"), join(dir, STORE_FILE));
    await refused(dir, "state-unwritable", /./);
  });
});
