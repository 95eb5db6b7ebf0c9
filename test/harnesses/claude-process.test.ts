import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { CLAUDE_LIMITS } from "../../src/harnesses/claude-cli/limits.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { canScan } from "../../src/platform/process-tree.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { HarnessFailed } from "../../src/ports/harness.ts";
import { promptAndRead } from "../contracts/harness-events.ts";
import { specOf } from "../contracts/harness-suite.ts";
import { alive, known, openOne, withClaude } from "./rig.ts";

const never = new AbortController().signal;
const linuxOnly = canScan ? false : "looks into /proc, which this system doesn't have";

/** A clock on which the bounds of the adapter pass at once, and everything else at its time. */
function hasty(...bounds: readonly number[]): Clock {
  return {
    ...systemClock,
    timer: (span, run) => systemClock.timer(bounds.includes(span) ? 1 : span, run),
  };
}

test("the ways to end without an answer are told apart", () =>
  withClaude({}, async (rig) => {
    const detail = async (act: string, name: string) =>
      (await promptAndRead(await openOne(rig, { name }), act)).failure?.detail;
    assert.equal(await detail("fake:exit=0", "a"), "exit code 0, without an answer");
    assert.equal(await detail("fake:exit=3", "b"), "exit code 3; last words: fake: something broke");
    assert.equal(await detail("fake:signal=SIGSEGV", "c"), "ended by signal SIGSEGV");
  }));

for (const act of ["deaf", "nostdin", "stubborn"]) {
  test(`a program that hears no interrupt is ended with its tree (fake:${act})`, () =>
    withClaude({ clock: hasty(CLAUDE_LIMITS.interrupt) }, async (rig) => {
      const session = await openOne(rig);
      const stop = new AbortController();
      const turn = await promptAndRead(session, `fake:tool fake:${act}`, stop.signal, ({ kind }) => {
        if (kind === "closed") stop.abort();
      });
      assert.equal(turn.failure?.class, "cancelled");
      assert.deepEqual(rig.living(), []);
      await session.release(false);
      assert.deepEqual(rig.harness.load(), { running: 0, idle: 0, waiting: 0, max: 4 });
    }));
}

test("a program that never shakes hands is ended at the deadline", () =>
  withClaude({ clock: hasty(CLAUDE_LIMITS.handshake), control: { start: "hangs" } }, async (rig) => {
    await assert.rejects(openOne(rig), (error) => {
      assert.ok(error instanceof HarnessFailed);
      return error.failure.code === "harness-deadline";
    });
    assert.deepEqual(rig.living(), []);
    assert.equal(rig.harness.load().running, 0);
  }));

for (const [start, code] of [
  ["exits", "harness-exited"],
  ["garbage", "harness-protocol"],
] as const) {
  test(`a start that ${start === "exits" ? "exits" : "writes garbage"} is classified`, () =>
    withClaude({ control: { start } }, async (rig) => {
      await assert.rejects(
        openOne(rig),
        (error) => error instanceof HarnessFailed && error.failure.code === code,
      );
    }));
}

test("whoever is stopped while the program starts leaves nothing behind", () =>
  withClaude({ control: { start: "hangs" } }, async (rig) => {
    const stop = new AbortController();
    const opening = rig.harness.open(specOf(rig.workspace), stop.signal);
    while (rig.fake.starts().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await assert.rejects(
      opening,
      (error) => error instanceof HarnessFailed && error.failure.class === "cancelled",
    );
    assert.deepEqual(rig.living(), []);
  }));

test("another model, workspace or instruction takes a new process of the same session", () =>
  withClaude({}, async (rig) => {
    let native: string | null = null;
    const pids = new Set<number>();
    for (const change of [{}, { model: "m" }, { model: "m", instructions: "i" }]) {
      const session = await openOne(rig, { ...change, resume: native });
      await promptAndRead(session, "hello");
      await session.release(false);
      native = session.native;
      pids.add(session.custody?.pid ?? 0);
      assert.equal(rig.living().length, 1);
    }
    assert.equal(pids.size, 3);
    assert.equal(new Set(rig.fake.prompts().map(({ session }) => session)).size, 1);
  }));

test("an idle process is ended after its time", () =>
  withClaude({ options: { pool: { max: 2, idle: "20ms" } } }, async (rig) => {
    const session = await openOne(rig);
    await promptAndRead(session, "hello");
    await session.release(false);
    while (rig.harness.load().idle > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    while (rig.living().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }));

test("an idle process that ends by itself is dropped, and that is logged", () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    await promptAndRead(session, "hello");
    await session.release(false);
    process.kill(session.custody?.pid ?? 0, "SIGKILL");
    while (rig.harness.load().idle > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(rig.logged.some(({ event }) => event === "harness.process_ended"));
  }));

test("a process that ends right after its turn isn't given to the next one", () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    const pid = session.custody?.pid ?? 0;
    assert.ok((await promptAndRead(session, "fake:dieafter hello")).final !== undefined);
    while (known(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    await session.release(false);
    const again = await openOne(rig, { resume: session.native });
    assert.notEqual(again.custody?.pid, pid);
    assert.ok((await promptAndRead(again, "hello")).final !== undefined);
  }));

test("a process that broke its protocol after its turn isn't given to the next one", () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    assert.equal((await promptAndRead(session, "fake:spoil")).final?.text, "good");
    await session.release(false);
    const again = await openOne(rig, { resume: session.native });
    assert.notEqual(again.custody?.pid, session.custody?.pid);
    assert.ok((await promptAndRead(again, "hello")).final !== undefined);
  }));

test("a process that left the group goes with its program", { skip: linuxOnly }, () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    const pid = Number((await promptAndRead(session, "fake:daemon")).final?.text);
    assert.ok(alive(pid));
    await session.release(true);
    assert.equal(alive(pid), false);
  }),
);

test("a turn that nobody reads to its end takes its process with it", () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    for await (const event of session.prompt({ text: "fake:hang", images: [] }, never))
      if (event.kind === "native" || event.kind === "alive") break;
    await session.release(false);
    assert.deepEqual(rig.living(), []);
  }));

test("probes: missing, no program at all, logged out, hanging, back again", () =>
  withClaude({ clock: hasty() }, async (rig) => {
    const proof = async (level: "L0" | "L1" | "L2" | "L3") => {
      const result = await rig.harness.probe("default", level, never);
      return result.ok ? result.level : `${result.level} ${result.failure.class} ${result.failure.code}`;
    };
    assert.equal(await proof("L0"), "L0");
    await rename(rig.fake.command, `${rig.fake.command}.away`);
    assert.equal(await proof("L0"), "L0 structural harness-missing");
    await writeFile(rig.fake.command, "#!/bin/sh\necho I am something else\n", { mode: 0o755 });
    assert.equal(await proof("L0"), "L1 structural harness-missing");
    await rename(`${rig.fake.command}.away`, rig.fake.command);
    const versions = rig.fake.starts().length;
    assert.equal(await proof("L1"), "L1");
    assert.equal(await proof("L0"), "L0");
    assert.equal(rig.fake.starts().length, versions + 1, "an unchanged file isn't run again");
    rig.fake.control({ loggedIn: false });
    assert.equal(await proof("L2"), "L2 structural harness-login");
    rig.fake.control({ authStatus: "unknown" });
    assert.equal(await proof("L2"), "L1");
    rig.fake.control({});
    assert.equal(await proof("L3"), "L3");
    rig.fake.control({ start: "logged-out" });
    assert.equal(await proof("L3"), "L3 structural harness-login");
  }));
