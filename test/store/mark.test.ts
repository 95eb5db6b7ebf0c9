import assert from "node:assert/strict";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { RollcallError } from "../../src/core/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import { MARK_FILE, makeMark, openMark, readMark } from "../../src/store/sqlite/mark.ts";
import { markVerdict } from "../../src/store/sqlite/mark-verdict.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { KEPT_LOG, STORE_FILE } from "../../src/store/sqlite/own.ts";
import { acceptOne, assertAccounts, messageId } from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-mark-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const open = (dir: string, acceptLoss?: (loss: string) => void): Promise<Store> =>
  openStore({ dir, clock: createFakeClock(), version: "test", ...(acceptLoss && { acceptLoss }) });

async function behind(dir: string, detail: RegExp): Promise<void> {
  await assert.rejects(open(dir), (error) => {
    assert.ok(error instanceof RollcallError, String(error));
    assert.equal(error.code, "store-behind", error.message);
    assert.equal(error.exit, 73);
    assert.match(error.detail ?? "", detail);
    assert.match(error.fix, /restore FILE.*restore --accept-loss/);
    return true;
  });
}

/** A store with some messages, closed. */
async function filled(t: TestContext, messages = 3): Promise<string> {
  const dir = folder(t);
  const store = await open(dir);
  for (let n = 0; n < messages; n++) await acceptOne(store, n);
  await store.close();
  return dir;
}

const files = (dir: string) => ({ db: join(dir, STORE_FILE), mark: join(dir, MARK_FILE) });

describe("the mark", () => {
  it("is raised with each commit, in two slots in turn, and needs no more space", async (t) => {
    const dir = folder(t);
    const store = await open(dir);
    const size = statSync(files(dir).mark).size;
    const first = readMark(dir);
    assert.ok(typeof first !== "string");
    let slots = readFileSync(files(dir).mark);
    for (let n = 1; n <= 4; n++) {
      await acceptOne(store, n);
      const now = readMark(dir);
      assert.ok(typeof now !== "string");
      assert.deepEqual([now.identity, now.commit], [first.identity, first.commit + n]);
      const after = readFileSync(files(dir).mark);
      const changed = [0, 4096].filter(
        (at) => !slots.subarray(at, at + 4096).equals(after.subarray(at, at + 4096)),
      );
      assert.equal(changed.length, 1, "the other slot is what a torn write leaves");
      slots = after;
    }
    assert.equal(statSync(files(dir).mark).size, size);
    assert.equal(statSync(files(dir).mark).mode & 0o777, 0o600);
    await store.close();
  });

  it("one torn slot leaves the other one; a bit of either is seen", (t) => {
    const dir = folder(t);
    const record = { identity: "a".repeat(32), epoch: 3, commit: 7 };
    const mark = makeMark(dir, record);
    mark.raise({ ...record, commit: 8 });
    mark.close();
    const whole = readFileSync(files(dir).mark);
    const newest = [0, 4096].find((at) => whole.toString("latin1", at, at + 160).includes(" | 8 | ")) ?? -1;
    assert.ok(newest >= 0);
    for (let bit = 0; bit < 159 * 8; bit++) {
      const torn = Buffer.from(whole);
      torn[newest + (bit >> 3)] = (torn[newest + (bit >> 3)] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(files(dir).mark, torn);
      const read = readMark(dir);
      // Blanks at its end are no part of what a slot says.
      if (typeof read === "string" || read.commit !== 8) assert.deepEqual(read, record, `bit ${bit}`);
      else assert.deepEqual(read, { ...record, commit: 8 }, `bit ${bit}`);
    }
    writeFileSync(files(dir).mark, whole.fill(0));
    assert.equal(readMark(dir), "broken");
    rmSync(files(dir).mark);
    assert.equal(readMark(dir), "missing");
  });

  it("after an opening the newest slot is left alone until the other one is whole", (t) => {
    const dir = folder(t);
    const record = { identity: "b".repeat(32), epoch: 1, commit: 0 };
    makeMark(dir, record).close();
    for (let commit = 1; commit < 6; commit++) {
      const before = readFileSync(files(dir).mark);
      const known = readMark(dir);
      assert.ok(typeof known !== "string");
      const mark = openMark(dir, known.commit);
      mark.raise({ ...record, commit });
      mark.close();
      const after = readFileSync(files(dir).mark);
      const kept = [0, 4096].filter((at) =>
        before.subarray(at, at + 160).equals(after.subarray(at, at + 160)),
      );
      assert.equal(kept.length, 1);
      assert.ok(after.toString("latin1", kept[0], (kept[0] ?? 0) + 160).includes(` | ${commit - 1} | `));
    }
  });

  it("a database is believed exactly when it has everything that its own mark knows", () => {
    const identity = fc.constantFrom("one", "two");
    fc.assert(
      fc.property(
        fc.record({
          identity: fc.option(identity),
          epoch: fc.nat(9),
          commits: fc.nat(9),
          marked: fc.boolean(),
        }),
        fc.oneof(
          fc.constantFrom("missing" as const, "broken" as const),
          fc.record({ identity, epoch: fc.nat(9), commit: fc.nat(9) }),
        ),
        (facts, mark) => {
          const believed =
            mark === "missing"
              ? !facts.marked
              : mark !== "broken" && facts.identity === mark.identity && facts.commits >= mark.commit;
          assert.equal(markVerdict(facts, mark) === null, believed);
        },
      ),
    );
  });
});

describe("opening a store with a mark", () => {
  it("a database that is ahead of its mark is fine: a crash between the two leaves it so", async (t) => {
    const dir = await filled(t);
    const old = readFileSync(files(dir).mark);
    const store = await open(dir);
    await acceptOne(store, 9);
    await store.close();
    writeFileSync(files(dir).mark, old);
    const again = await open(dir);
    assert.equal((await again.totals()).accepted, 4);
    await again.close();
  });

  it("an old copy put back is refused, each time, and changes nothing", async (t) => {
    const dir = await filled(t);
    const copy = join(dir, "copy.db");
    copyFileSync(files(dir).db, copy);
    const store = await open(dir);
    await acceptOne(store, 9);
    await store.close();
    copyFileSync(copy, files(dir).db);
    const mark = readFileSync(files(dir).mark);
    for (let n = 0; n < 2; n++) await behind(dir, /mark says \d+ commits, and the database has \d+$/);
    assert.deepEqual(readFileSync(files(dir).mark), mark);
    assert.deepEqual(readFileSync(files(dir).db), readFileSync(copy));
  });

  it("another store's database is refused", async (t) => {
    const dir = await filled(t);
    const other = await filled(t, 20);
    copyFileSync(files(other).db, files(dir).db);
    await behind(dir, /another store/);
  });

  it("a database that is gone is refused, twice too", async (t) => {
    const dir = await filled(t);
    rmSync(files(dir).db);
    for (let n = 0; n < 2; n++) await behind(dir, /database is gone/);
  });

  it("a mark that is gone, or that says nothing any more, is refused", async (t) => {
    const dir = await filled(t);
    writeFileSync(files(dir).mark, "x".repeat(8192));
    await behind(dir, /can't be read/);
    rmSync(files(dir).mark);
    await behind(dir, /mark is gone/);
  });

  it("a log that lost its end is refused, and what there was of it is kept", async (t) => {
    const dir = folder(t);
    const store = await open(dir);
    for (let n = 0; n < 3; n++) await acceptOne(store, n);
    const after = folder(t);
    cpSync(dir, after, { recursive: true });
    await store.close();
    const log = join(after, `${STORE_FILE}-wal`);
    const whole = readFileSync(log);
    const middle = whole.length >> 1;
    whole[middle] = (whole[middle] ?? 0) ^ 1;
    writeFileSync(log, whole);
    await behind(after, /mark says/);
    assert.deepEqual(readFileSync(join(after, KEPT_LOG)), whole);
    await behind(after, /mark says/);
    assert.deepEqual(readFileSync(join(after, KEPT_LOG)), whole, "a second start keeps the first one's");
  });

  it("an accepted loss makes what is there the truth: a new identity, a higher epoch, a note", async (t) => {
    const dir = await filled(t);
    const copy = join(dir, "copy.db");
    copyFileSync(files(dir).db, copy);
    const store = await open(dir);
    await acceptOne(store, 9);
    await store.close();
    const old = readMark(dir);
    copyFileSync(copy, files(dir).db);
    const losses: string[] = [];
    const adopted = await open(dir, (loss) => losses.push(loss));
    assert.equal(losses.length, 1);
    assert.ok(typeof old !== "string");
    assert.ok(adopted.epoch > old.epoch, "no line is signed by an epoch that was used before");
    assert.equal(await adopted.note("store.loss"), losses[0]);
    assert.equal(await adopted.message(messageId("m_9")), null);
    await acceptOne(adopted, 10);
    await assertAccounts(adopted);
    await adopted.close();
    const next = readMark(dir);
    assert.ok(typeof next !== "string" && next.identity !== old.identity);
    await (await open(dir)).close();
  });

  it("an accepted loss of the mark, or of the database, too; and nothing is lost where nothing was", async (t) => {
    const dir = await filled(t);
    const none: string[] = [];
    const same = readMark(dir);
    await (await open(dir, (loss) => none.push(loss))).close();
    const still = readMark(dir);
    assert.ok(typeof same !== "string" && typeof still !== "string");
    assert.deepEqual([none, still.identity], [[], same.identity]);
    rmSync(files(dir).mark);
    await (await open(dir, () => {})).close();
    rmSync(files(dir).db);
    const empty = await open(dir, () => {});
    assert.equal((await empty.totals()).accepted, 0);
    await empty.close();
    assert.equal(existsSync(files(dir).mark), true);
    await (await open(dir)).close();
  });
});
