import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it, type TestContext } from "node:test";
import { unpack } from "../../src/archive/unpack.ts";
import { createBlobs } from "../../src/platform/blobs.ts";
import { systemClock } from "../../src/platform/clock.ts";
import type { Store } from "../../src/ports/store.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import {
  acceptOne,
  answered,
  entryNow,
  messageId,
  newEntry,
  sessionKey,
} from "../contracts/store-samples.ts";
import { call, type Called } from "./call.ts";
import { writePresence } from "./fake-gateway.ts";

const CONFIG = `{
  // mine
  gateway: { auth: { token: "literal-token-1" } },
  agents: { list: [{ id: "main", model: { primary: "claude-cli/default" }, workspace: "./work" }] },
  harnesses: { "claude-cli": {} },
}
`;
const SESSION = "11111111-2222-3333-4444-555555555555";

interface Place {
  readonly home: string;
  readonly state: string;
  readonly config: string;
  on(...argv: string[]): Promise<Called>;
  open<T>(use: (store: Store) => Promise<T>): Promise<T>;
}

async function place(t: TestContext): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), "rollcall-restore-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const state = join(home, "state");
  const config = join(home, "rollcall.json5");
  return {
    home,
    state,
    config,
    on: (...argv) =>
      call([...argv, "--state", state], { cwd: home, env: { HOME: home, PATH: process.env["PATH"] ?? "" } }),
    async open(use) {
      await mkdir(state, { recursive: true });
      const store = await openStore({ dir: state, clock: systemClock, version: "test" });
      try {
        return await use(store);
      } finally {
        await store.close();
      }
    },
  };
}

/** A stopped gateway with a configuration, a message with a file, one without an answer, and a session's record. */
async function lived(t: TestContext): Promise<Place> {
  const one = await place(t);
  writeFileSync(one.config, CONFIG);
  const projects = join(
    one.home,
    ".claude",
    "projects",
    join(one.home, "work").replaceAll(/[^a-zA-Z0-9]/g, "-"),
  );
  await mkdir(projects, { recursive: true });
  writeFileSync(join(projects, `${SESSION}.jsonl`), '{"type":"user"}\n');
  await mkdir(join(one.state, "harnesses"), { recursive: true });
  await one.open(async (store) => {
    const key = await createBlobs(join(one.state, "attachments")).put("a.txt", Buffer.from("the file"));
    const source = { kind: "blob", key } as const;
    const attachments = [{ kind: "document", name: "a.txt", mime: "text/plain", source } as const];
    await answered(store, "done", { body: { ...newEntry(0).body, attachments } });
    const entry = await acceptOne(store, "asked", { session: sessionKey("other") });
    const turn = await store.claim({
      turn: "t_asked" as never,
      entries: [entry],
      agent: "main",
      generation: 1,
      at: entry.acceptedAt,
    });
    assert.ok(turn);
    const by = { harness: "claude-cli", model: "default", nativeSession: SESSION, custody: null };
    assert.ok(await store.prompted(turn, { ...by, at: entry.acceptedAt }));
  });
  return one;
}

const files = (dir: string): readonly string[] => readdirSync(dir).filter((name) => !name.startsWith("logs"));

describe("backup and restore of a gateway that isn't running", () => {
  it("everything comes back in another home: messages, files, configuration, sessions; nothing is answered twice", async (t) => {
    const [here, there] = [await lived(t), await place(t)];
    await mkdir(join(here.state, ".backup-0123456789ab"));
    await mkdir(join(there.state, ".restore-0123456789ab"), { recursive: true });
    const archive = join(here.home, "backup.tar.gz");
    const made = await here.on("backup", "backup.tar.gz");
    assert.equal(made.exit, 0, made.err);
    assert.match(made.out, /backup\.tar\.gz: 4 files, \d+ KiB, commit \d+/);
    assert.match(made.err, /without the secrets of gateway\.auth\.token/);
    assert.deepEqual(
      readdirSync(here.home).sort(),
      [".claude", "backup.tar.gz", "rollcall.json5", "state"].sort(),
    );
    assert.ok(!readdirSync(here.state).some((name) => name.startsWith(".backup")), "nothing is left behind");

    const back = await there.on("restore", archive);
    assert.equal(back.exit, 0, back.err);
    assert.match(back.out, /Restored from the backup of /);
    assert.match(back.out, /Put back: 1 files, 1 records of sessions/);
    assert.match(back.out, /1 messages wait; .* ask/);
    assert.match(back.out, /1 sends may have been made since/);
    assert.doesNotMatch(back.out, /kept in|Given up/);
    assert.ok(!readdirSync(there.state).some((name) => name.startsWith(".restore")), "nor an earlier one's");
    const config = join(there.state, "rollcall.json5");
    assert.ok(back.out.includes(config) && back.out.includes("gateway.auth.token"));
    assert.equal(readFileSync(config, "utf8"), CONFIG.replace("literal-token-1", "LEFT-OUT-OF-THE-BACKUP"));
    const record = readdirSync(join(there.home, ".claude", "projects"))[0] ?? "";
    assert.ok(existsSync(join(there.home, ".claude", "projects", record, `${SESSION}.jsonl`)));
    await there.open(async (store) => {
      assert.equal((await entryNow(store, messageId("m_asked"))).hold?.code, "restored");
      assert.equal((await entryNow(store, messageId("m_done"))).state, "answered");
      const reply = await store.delivery("reply:t_done:0");
      assert.deepEqual([reply?.state, reply?.inDoubt], ["in-doubt", true]);
      const stored = await store.message(messageId("m_done"));
      const [attachment] = stored?.entry.body.attachments ?? [];
      assert.ok(attachment?.source.kind === "blob");
      const blobs = createBlobs(join(there.state, "attachments"));
      assert.equal(readFileSync(blobs.path(attachment.source.key), "utf8"), "the file");
    });
  });

  it("secrets come along only when they are asked for", async (t) => {
    const here = await lived(t);
    writeFileSync(join(here.state, "token"), "own-token-of-the-gateway");
    await here.on("backup", "plain.tar.gz");
    await here.on("backup", "secrets.tar.gz", "--secrets");
    const inside = async (name: string): Promise<string> => {
      const out = join(here.home, `${name}.out`);
      await unpack(join(here.home, name), out);
      return files(out)
        .filter((one) => one !== "store.db")
        .map((one) => readTree(join(out, one)))
        .join("\n");
    };
    const plain = await inside("plain.tar.gz");
    assert.ok(!plain.includes("literal-token-1") && !plain.includes("own-token-of-the-gateway"));
    const secrets = await inside("secrets.tar.gz");
    assert.ok(secrets.includes("literal-token-1") && secrets.includes("own-token-of-the-gateway"));
  });

  it("a store that is newer is never replaced without a word; with it, it is kept beside", async (t) => {
    const here = await lived(t);
    await here.on("backup", "backup.tar.gz");
    await here.open(async (store) => {
      for (const n of ["x", "y"]) await acceptOne(store, n, { session: sessionKey(n) });
    });
    const before = readFileSync(join(here.state, "store.db"));
    const refused = await here.on("restore", "backup.tar.gz");
    assert.equal(refused.exit, 73);
    assert.match(refused.err, /newer than the backup.*2 messages came after the backup, and \d wait/s);
    assert.ok(readFileSync(join(here.state, "store.db")).equals(before), "nothing was changed");
    assert.ok(!readdirSync(here.state).some((name) => /^(?:replaced|\.restore)/.test(name)));
    const epoch = await here.open(async (store) => store.epoch);

    const done = await here.on("restore", "backup.tar.gz", "--accept-loss");
    assert.equal(done.exit, 0, done.err);
    assert.match(done.out, /Given up: 2 messages/);
    const kept = readdirSync(here.state).find((name) => name.startsWith("replaced-"));
    assert.ok(kept !== undefined && done.out.includes(kept));
    await here.open(async (store) => {
      assert.ok(store.epoch > epoch + 1, "above both");
      assert.equal(await store.message(messageId("m_x")), null);
      assert.ok(await store.message(messageId("m_asked")));
    });
    const log = readFileSync(join(here.state, "logs", "rollcall.jsonl"), "utf8");
    assert.match(log, /"event":"store\.restored"/);

    // What was replaced is whole, and can be put back by hand.
    const aside = join(here.home, "aside");
    await mkdir(aside);
    for (const name of readdirSync(join(here.state, kept)))
      await copyFile(join(here.state, kept, name), join(aside, name));
    const old = await openStore({ dir: aside, clock: systemClock, version: "test" });
    assert.ok(await old.message(messageId("m_x")));
    await old.close();
  });

  it("the same state is put back without a word, twice too", async (t) => {
    const here = await lived(t);
    await here.on("backup", "backup.tar.gz");
    rmSync(here.state, { recursive: true });
    assert.equal((await here.on("restore", "backup.tar.gz")).exit, 0);
    const again = await here.on("restore", "backup.tar.gz");
    assert.equal(again.exit, 73, "by then it is another store");
  });

  it("a database that is gone beside its mark is known to have been newer", async (t) => {
    const here = await lived(t);
    await here.on("backup", "backup.tar.gz");
    await here.open(async (store) => void (await acceptOne(store, "x")));
    rmSync(join(here.state, "store.db"));
    const refused = await here.on("restore", "backup.tar.gz");
    assert.equal(refused.exit, 73);
    assert.match(refused.err, /the store was at commit \d+, and the backup has \d+/);
    assert.equal((await here.on("restore", "backup.tar.gz", "--accept-loss")).exit, 0);
    await here.open(async (store) => assert.ok(await store.message(messageId("m_asked"))));
  });

  it("a ruin of a database is replaced only with a word, and kept", async (t) => {
    const here = await lived(t);
    await here.on("backup", "backup.tar.gz");
    for (const name of ["store.db", "store.mark"]) writeFileSync(join(here.state, name), "ruined");
    assert.match((await here.on("restore", "backup.tar.gz")).err, /can't be read/);
    assert.equal((await here.on("restore", "backup.tar.gz", "--accept-loss")).exit, 0);
    const kept = readdirSync(here.state).find((name) => name.startsWith("replaced-")) ?? "";
    assert.equal(readFileSync(join(here.state, kept, "store.db"), "utf8"), "ruined");
    await here.open(async (store) => assert.ok(await store.message(messageId("m_asked"))));
  });

  it("a torn, a flipped and a foreign file are refused by name, and nothing is changed", async (t) => {
    const here = await lived(t);
    await here.on("backup", "backup.tar.gz");
    const whole = readFileSync(join(here.home, "backup.tar.gz"));
    const flipped = Buffer.from(whole);
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
    writeFileSync(join(here.home, "torn.tar.gz"), whole.subarray(0, whole.length - 100));
    writeFileSync(join(here.home, "flipped.tar.gz"), flipped);
    writeFileSync(join(here.home, "foreign.tar.gz"), "not a backup");
    const before = files(here.state);
    for (const name of ["torn.tar.gz", "flipped.tar.gz", "foreign.tar.gz", "nobody.tar.gz"]) {
      const refused = await here.on("restore", name, "--accept-loss");
      assert.equal(refused.exit, 73, name);
      assert.ok(refused.err.includes(name), refused.err);
    }
    assert.deepEqual(files(here.state), before);
  });

  it("a gateway that runs is not touched: its process is named", async (t) => {
    const here = await lived(t);
    await here.on("backup", "backup.tar.gz");
    writePresence(here.state, { pid: process.pid, url: "http://127.0.0.1:1" });
    const running = await here.on("restore", "backup.tar.gz");
    assert.equal(running.exit, 75);
    assert.ok(running.err.includes(String(process.pid)));
    rmSync(join(here.state, "gateway.json"));
    await here.open(async () => {
      const held = await here.on("restore", "backup.tar.gz");
      assert.equal(held.exit, 75, held.err);
    });
  });

  it("without a file it goes on with a store that is behind its mark, and with no other", async (t) => {
    const here = await lived(t);
    const old = readFileSync(join(here.state, "store.db"));
    assert.equal((await here.on("restore")).exit, 64);
    assert.match((await here.on("restore", "--accept-loss")).out, /Nothing is missing/);
    await here.open(async (store) => void (await acceptOne(store, "lost")));
    writeFileSync(join(here.state, "store.db"), old);
    await assert.rejects(
      here.open(async () => undefined),
      /older than what was confirmed/,
    );
    const accepted = await here.on("restore", "--accept-loss");
    assert.equal(accepted.exit, 0, accepted.err);
    assert.match(accepted.out, /Taken as it is: its mark says \d+ commits/);
    await here.open(async (store) => {
      assert.equal((await entryNow(store, messageId("m_asked"))).hold?.code, "restored");
    });
    const nobody = await place(t);
    assert.equal((await nobody.on("restore", "--accept-loss")).exit, 69);
  });
});

function readTree(path: string): string {
  try {
    return readdirSync(path)
      .map((name) => readTree(join(path, name)))
      .join("\n");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR")
      return readFileSync(path, "utf8");
    throw error;
  }
}
