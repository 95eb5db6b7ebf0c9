import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { createBlobs } from "../../src/platform/blobs.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { acceptOne, body, moveOf } from "../contracts/store-samples.ts";
import { call, type Called } from "./call.ts";
import { fakeGateway } from "./fake-gateway.ts";

/** A state directory with one dead, one cancelled and one waiting message, and nobody who runs on it. */
async function state(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-purge-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "attachments"));
  const blobs = createBlobs(join(dir, "attachments"));
  const store = await openStore({ dir, clock: systemClock, version: "0.1.0" });
  const source = { kind: "blob", key: await blobs.put("a.txt", Buffer.from("secret")) } as const;
  const attachments = [{ kind: "document", name: "a.txt", mime: "text/plain", source } as const];
  const dead = await acceptOne(store, "dead", { body: body("", { attachments }) });
  await store.move([moveOf(dead, "dead", { data: { code: "turn-dead" } })], [], systemClock.now());
  const cancelled = await acceptOne(store, "cancelled");
  await store.move([moveOf(cancelled, "cancelled")], [], systemClock.now());
  await acceptOne(store, "waiting");
  await store.close();
  return dir;
}

const on = (dir: string, ...argv: string[]): Promise<Called> =>
  call(["messages", "purge", ...argv, "--state", dir]);

describe("messages purge", () => {
  it("clears what ended from the store of a stopped gateway, with its files, and leaves a line in the log", async (t) => {
    const dir = await state(t);
    assert.equal((await on(dir, "--only", "dead", "--dry-run")).out, "1 message would be purged (dead 1)\n");
    assert.equal((await on(dir, "--only", "dead", "--before", "1h")).out, "0 messages purged\n");
    assert.equal((await readdir(join(dir, "attachments"))).length, 1);
    assert.deepEqual(await on(dir, "--only", "dead"), {
      exit: 0,
      out: "1 message purged (dead 1)\n",
      err: "",
    });
    assert.deepEqual(await readdir(join(dir, "attachments")), []);
    const log = await readFile(join(dir, "logs", "rollcall.jsonl"), "utf8");
    const line = JSON.parse(log) as Record<string, unknown>;
    assert.deepEqual(
      [line["event"], line["by"], line["dead"], line["files"]],
      ["messages.purged", "command line", 1, 1],
    );
    const listed = await call(["messages", "list", "--state", dir]);
    assert.match(listed.out, /m_waiting/);
    assert.doesNotMatch(listed.out, /m_dead/);
  });

  it("clears one by its id, and never what is unfinished", async (t) => {
    const dir = await state(t);
    assert.match((await on(dir, "--id", "m_waiting")).err, /isn't at its end/);
    assert.equal((await on(dir, "--id", "m_waiting")).exit, 65);
    assert.equal((await on(dir, "--id", "m_nobody")).exit, 66);
    const json = await on(dir, "--id", "m_cancelled", "--json");
    assert.deepEqual(JSON.parse(json.out), { purged: { cancelled: 1 }, total: 1, dryRun: false });
    assert.equal((await on(dir, "--before", "0s")).out, "1 message purged (dead 1)\n");
    assert.match((await call(["messages", "list", "--state", dir])).out, /m_waiting +queued/);
  });

  it("asks for something, and for nothing else", async (t) => {
    const dir = await state(t);
    for (const argv of [
      [],
      ["--only", "queued"],
      ["--only", "all"],
      ["--before", "soon"],
      ["--id", "m_dead", "--only", "dead"],
    ])
      assert.equal((await on(dir, ...argv)).exit, 64, argv.join(" "));
    assert.match((await call(["messages", "list", "--state", dir])).out, /m_dead/);
  });

  it("asks a running gateway again while there is more", async (t) => {
    let times = 0;
    const gateway = await fakeGateway({
      "POST /api/v1/messages/purge": () => {
        times += 1;
        return { body: { purged: { done: 10, dead: 1 }, total: 11, more: times < 3, dryRun: false } };
      },
    });
    t.after(() => gateway.remove());
    const called = await on(gateway.stateDir, "--before", "30d");
    assert.equal(called.out, "33 messages purged (done 30, dead 3)\n");
    assert.deepEqual(
      gateway.requests.map(({ body: sent }) => sent),
      Array.from({ length: 3 }, () => ({ dryRun: false, before: "30d" })),
    );
  });
});
