import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it, type TestContext } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { assertAccounts, messageId } from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";

const OWNER = join(import.meta.dirname, "owner-process.ts");

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-store-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const open = (dir: string): Promise<Store> => openStore({ dir, clock: createFakeClock(), version: "test" });

interface Owner {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves when the owner has said so many lines. */
  readonly said: (count: number) => Promise<void>;
  /** kill -9; resolves when it is gone, with everything that it said read. */
  readonly kill: () => Promise<void>;
}

function own(t: TestContext, dir: string, what: "hold" | "accept"): Owner {
  const child = spawn(process.execPath, [OWNER, dir, what], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  const ended = Promise.all([once(child, "exit"), once(reader, "close")]);
  return {
    child,
    lines,
    async said(count) {
      while (lines.length < count) {
        const gone = await Promise.race([once(reader, "line").then(() => false), ended.then(() => true)]);
        assert.ok(!gone || lines.length >= count, "the owner ended on its own");
      }
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

describe("an owner that is killed", () => {
  it("holds the store as long as it lives, and not longer", async (t) => {
    const dir = folder(t);
    const owner = own(t, dir, "hold");
    await owner.said(1);
    await assert.rejects(open(dir), (error) => {
      assert.ok(error instanceof RollcallError);
      assert.equal(error.code, "store-held");
      assert.match(error.detail ?? "", new RegExp(`process ${owner.child.pid} `));
      return true;
    });
    await owner.kill();
    const store = await open(dir);
    assert.equal(store.epoch, 2);
    await store.close();
  });

  it("loses nothing of what it said was accepted", async (t) => {
    const dir = folder(t);
    const said: string[] = [];
    for (const lines of [2, 40, 200]) {
      const owner = own(t, dir, "accept");
      await owner.said(lines);
      await owner.kill();
      said.push(...owner.lines.filter((line) => !line.startsWith("open")));
    }
    assert.ok(said.length >= 239);
    const store = await open(dir);
    for (const id of said) assert.ok(await store.message(messageId(`m_${id}`)), `${id} is there`);
    const { accepted } = await store.totals();
    // Of each life at most one batch was committed and not said.
    assert.ok(accepted >= said.length && accepted <= said.length + 9, `${accepted} of ${said.length}`);
    assert.ok(await store.cursor("telegram", "default", "bot"));
    await assertAccounts(store);
    await store.close();
  });
});
