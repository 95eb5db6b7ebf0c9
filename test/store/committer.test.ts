import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { BATCH_LIMIT, createCommitter, LOST, type Committer } from "../../src/store/sqlite/committer.ts";
import { createDatabase, type Database } from "../../src/store/sqlite/database.ts";
import { migrate } from "../../src/store/sqlite/migrate.ts";

interface Bench {
  readonly db: Database;
  readonly committer: Committer;
  /** Numbers of the commits so far. */
  readonly commits: number[];
  /** Runs what was deferred until nothing is left. */
  readonly run: () => void;
  readonly notes: () => readonly string[];
}

/** A committer whose batches run when the test says so, over a database that fails when the test says so. */
function bench(fault: (sql: string) => void = () => {}, mark: (commit: number) => void = () => {}): Bench {
  const inner = createDatabase(new DatabaseSync(":memory:"));
  migrate(inner);
  const db: Database = {
    ...inner,
    run(sql, ...values) {
      fault(sql);
      return inner.run(sql, ...values);
    },
  };
  const deferred: (() => void)[] = [];
  const commits: number[] = [];
  const committer = createCommitter({
    db,
    epoch: 0,
    defer: (run) => void deferred.push(run),
    committed(commit) {
      mark(commit);
      commits.push(commit);
    },
  });
  return {
    db,
    committer,
    commits,
    run() {
      for (let next = deferred.shift(); next !== undefined; next = deferred.shift()) next();
    },
    notes: () => inner.all<{ key: string }>("SELECT key FROM notes ORDER BY key").map(({ key }) => key),
  };
}

function note({ db, committer }: Bench, key: string): Promise<string> {
  return committer.write(() => {
    db.run("INSERT INTO notes (key, value) VALUES (?, '')", key);
    return key;
  });
}

/** What SQLite's Node binding throws, by its result code. */
class SqliteFault extends Error {
  readonly errcode: number;
  constructor(errcode: number) {
    super(`result ${errcode}`);
    this.errcode = errcode;
  }
}

const code = async (write: Promise<unknown>): Promise<string> =>
  write.then(
    () => "ok",
    (error: unknown) => (error instanceof RollcallError ? error.code : String(error)),
  );

describe("group commit", () => {
  it("writes of one step share a commit", async () => {
    const b = bench();
    const writes = ["a", "b", "c"].map((key) => note(b, key));
    assert.deepEqual(b.notes(), []);
    b.run();
    assert.deepEqual(await Promise.all(writes), ["a", "b", "c"]);
    assert.deepEqual(b.commits, [1]);
    const later = note(b, "d");
    b.run();
    await later;
    assert.deepEqual(b.commits, [1, 2]);
  });

  it("nothing resolves before the commit was noted outside", async () => {
    const seen: string[] = [];
    const b = bench((sql) => void (sql === "COMMIT" && seen.push("commit")));
    const write = note(b, "a").then(() => seen.push(`resolved after ${b.commits.length}`));
    b.run();
    await write;
    assert.deepEqual(seen, ["commit", "resolved after 1"]);
  });

  it("a write that fails or is lost takes nothing with it", async () => {
    const b = bench();
    const good = note(b, "a");
    const bad = note(b, "a");
    const lost = b.committer.write(() => {
      b.db.run("INSERT INTO notes (key, value) VALUES ('half', '')");
      throw LOST;
    }, "lost");
    const last = note(b, "b");
    b.run();
    await assert.rejects(bad, /UNIQUE/);
    assert.deepEqual(await Promise.all([good, lost, last]), ["a", "lost", "b"]);
    assert.deepEqual(b.notes(), ["a", "b"]);
    assert.deepEqual(b.commits, [1]);
  });

  it("a batch of losers doesn't wait for the disk", async () => {
    const b = bench();
    const lost = b.committer.write(() => {
      throw LOST;
    }, null);
    b.run();
    assert.equal(await lost, null);
    assert.deepEqual(b.commits, []);
  });

  it("a batch is bounded", async () => {
    const b = bench();
    const writes = Array.from({ length: BATCH_LIMIT * 2 + 1 }, (_, n) => note(b, `n${n}`));
    b.run();
    await Promise.all(writes);
    assert.deepEqual(b.commits, [1, 2, 3]);
  });

  it("another epoch's writes are refused", async () => {
    const b = bench();
    b.db.exec("UPDATE meta SET epoch = 1");
    const write = code(note(b, "a"));
    b.run();
    assert.equal(await write, "store-io");
    assert.deepEqual(b.notes(), []);
  });

  it("closing commits what was asked for, and refuses the rest", async () => {
    const b = bench();
    const write = note(b, "a");
    b.committer.close();
    assert.equal(await write, "a");
    assert.equal(await code(note(b, "b")), "draining");
  });
});

describe("a disk that fails", () => {
  const FULL = 13;
  const FSYNC = 10 | (4 << 8);

  it("a full one costs the batch, not the process", async () => {
    let full = true;
    const b = bench((sql) => {
      if (sql === "COMMIT" && full) throw new SqliteFault(FULL);
    });
    const writes = [code(note(b, "a")), code(note(b, "b"))];
    b.run();
    assert.deepEqual(await Promise.all(writes), ["store-full", "store-full"]);
    assert.deepEqual(b.notes(), []);
    full = false;
    const write = note(b, "a");
    b.run();
    assert.equal(await write, "a");
    assert.deepEqual(b.commits, [1]);
  });

  it("a full one in the middle of a batch costs all of it", async () => {
    const b = bench();
    const first = code(note(b, "a"));
    const second = code(
      b.committer.write(() => {
        throw new SqliteFault(FULL);
      }),
    );
    b.run();
    assert.deepEqual(await Promise.all([first, second]), ["store-full", "store-full"]);
    assert.deepEqual(b.notes(), []);
  });

  it("after a failed fsync nothing is written any more", async () => {
    let commits = 0;
    const b = bench((sql) => {
      if (sql === "COMMIT" && ++commits === 1) throw new SqliteFault(FSYNC);
    });
    const first = code(note(b, "a"));
    b.run();
    assert.equal(await first, "store-io");
    const second = code(note(b, "b"));
    b.run();
    assert.equal(await second, "store-io");
    assert.equal(commits, 1);
    assert.deepEqual(b.commits, []);
  });

  it("a failed fsync while the log is copied stops the writes too", async () => {
    const inner = bench();
    const db: Database = {
      ...inner.db,
      // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the real one
      get<Row>(sql: string, ...values: readonly (string | number | null)[]) {
        if (sql === "PRAGMA wal_checkpoint(NOOP)") return { log: 5000, checkpointed: 0 } as Row;
        if (sql === "PRAGMA wal_checkpoint(PASSIVE)") throw new SqliteFault(FSYNC);
        return inner.db.get<Row>(sql, ...values);
      },
    };
    const deferred: (() => void)[] = [];
    const defer = (run: () => void): void => void deferred.push(run);
    const committer = createCommitter({ db, epoch: 0, defer, committed: () => {} });
    const first = committer.write(() => "kept");
    for (let next = deferred.shift(); next !== undefined; next = deferred.shift()) next();
    assert.equal(await first, "kept");
    assert.equal(await code(committer.write(() => "refused")), "store-io");
  });

  it("a mark that can't be written stops the writes", async () => {
    const b = bench();
    const deferred: (() => void)[] = [];
    const committer = createCommitter({
      db: b.db,
      epoch: 0,
      defer: (run) => void deferred.push(run),
      committed: () => {
        throw new TypeError("no mark");
      },
    });
    const writes = [code(committer.write(() => 1)), code(committer.write(() => 2))];
    deferred.shift()?.();
    assert.deepEqual(await Promise.all(writes), ["store-io", "store-io"]);
    assert.equal(await code(committer.write(() => 3)), "store-io");
  });

  it("a commit that can't be marked for want of space waits, and nothing is written before it is", async () => {
    let full = true;
    const b = bench(undefined, () => {
      if (full) throw new RollcallError("store-full");
    });
    let told = false;
    const first = note(b, "a").finally(() => (told = true));
    b.run();
    const second = code(note(b, "b"));
    b.run();
    assert.equal(await second, "store-full");
    assert.deepEqual([told, b.notes(), b.commits], [false, ["a"], []], "it happened, and nobody was told");
    full = false;
    const third = note(b, "c");
    b.run();
    assert.deepEqual([await first, await third], ["a", "c"]);
    assert.deepEqual(b.commits, [1, 2]);
  });

  it("a commit that can't be marked for another reason is the last one", async () => {
    const b = bench(undefined, () => {
      throw new RollcallError("store-io");
    });
    const first = code(note(b, "a"));
    b.run();
    const second = code(note(b, "b"));
    b.run();
    assert.deepEqual([await first, await second, b.notes()], ["store-io", "store-io", ["a"]]);
  });

  it("a row that its index doesn't know is one write's fault, a damaged file is everybody's", async () => {
    const b = bench();
    const index = b.committer.write(() => {
      throw new SqliteFault(779);
    });
    const beside = note(b, "a");
    b.run();
    assert.deepEqual([await code(index), await beside], ["store-corrupt", "a"]);
    const file = b.committer.write(() => {
      throw new SqliteFault(11);
    });
    const lost = note(b, "b");
    b.run();
    assert.deepEqual(
      [await code(file), await code(lost), b.notes()],
      ["store-corrupt", "store-corrupt", ["a"]],
    );
    const later = note(b, "c");
    b.run();
    assert.equal(await code(later), "store-corrupt");
  });
});
