import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createProcesses } from "../../src/platform/processes.ts";
import { canScan, livingTree, startTimeOf } from "../../src/platform/process-tree.ts";
import { systemRandom } from "../../src/platform/random.ts";
import type { Child, SpawnSpec } from "../../src/ports/process.ts";
import { silentLog } from "../fakes/silent-log.ts";

const processes = createProcesses({ clock: systemClock, random: systemRandom, log: silentLog });
const linuxOnly = canScan ? false : "looks into /proc, which this system doesn't have";
let dir: string;

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "rollcall-processes-"));
});
after(() => rm(dir, { recursive: true, force: true }));

function shell(script: string, env: Record<string, string> = {}): SpawnSpec {
  return { command: "sh", args: ["-c", script], cwd: dir, env: { PATH: process.env["PATH"] ?? "", ...env } };
}

async function firstLine(child: Child): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  return "";
}

function left(child: Child): readonly number[] {
  return livingTree({ group: child.custody.pid, marker: child.custody.marker });
}

test("a child gets exactly the environment of its spec, and the marker", async () => {
  const { stdout, code } = await processes.run(shell("env", { ONLY: "this" }), 5000);
  assert.equal(code, 0);
  const names = stdout
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0]);
  for (const name of names) assert.match(name ?? "", /^(PATH|ONLY|ROLLCALL_CUSTODY|PWD|SHLVL|_|OLDPWD)$/);
  assert.match(stdout, /ROLLCALL_CUSTODY=[0-9a-f-]{36}/);
});

test(
  "a grandchild that left its group and outlives its parent is ended with the tree",
  { skip: linuxOnly },
  async () => {
    const child = await processes.spawn(
      shell("setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 600' & exec sleep 600"),
    );
    const daemon = Number(await firstLine(child));
    assert.ok(startTimeOf(daemon) !== undefined);
    assert.deepEqual(await child.end(50), { survivors: 0 });
    assert.equal(startTimeOf(daemon), undefined);
    assert.deepEqual(left(child), []);
  },
);

test("a daemon whose parent has ended already is found by the marker", { skip: linuxOnly }, async () => {
  const child = await processes.spawn(shell("setsid sh -c 'echo $$; exec sleep 600' & exit 0"));
  const daemon = Number(await firstLine(child));
  await child.exited;
  assert.ok(startTimeOf(daemon) !== undefined);
  assert.deepEqual(await child.end(1000), { survivors: 0 });
  assert.equal(startTimeOf(daemon), undefined);
});

test(
  "a child that wiped its environment is ended too, if its parent lived when the end began",
  { skip: linuxOnly },
  async () => {
    const child = await processes.spawn(
      shell("env -i setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 600' & wait"),
    );
    const wiped = Number(await firstLine(child));
    assert.deepEqual(await child.end(30), { survivors: 0 });
    assert.equal(startTimeOf(wiped), undefined);
  },
);

test("what ignores SIGTERM is killed after the grace", async () => {
  const child = await processes.spawn(shell("trap '' TERM; echo ready; exec sleep 600"));
  await firstLine(child);
  assert.deepEqual(await child.end(60), { survivors: 0 });
  assert.equal((await child.exited).signal, "SIGKILL");
});

test("what obeys SIGTERM has its grace", async () => {
  const child = await processes.spawn(shell("trap 'exit 7' TERM; sleep 600 & echo ready; wait"));
  await firstLine(child);
  await child.end(10_000);
  assert.deepEqual(await child.exited, { code: 7, signal: null });
});

test("an exit is known by code or by signal, also when nobody asked", async () => {
  assert.deepEqual(await (await processes.spawn(shell("exit 3"))).exited, { code: 3, signal: null });
  assert.deepEqual(await (await processes.spawn(shell("kill -SEGV $$"))).exited, {
    code: null,
    signal: "SIGSEGV",
  });
});

test(
  "a recorded tree is reaped; a pid that belongs to somebody else by now is left alone",
  { skip: linuxOnly },
  async () => {
    const child = await processes.spawn(shell("trap '' TERM; setsid sleep 600 & echo x; exec sleep 600"));
    await firstLine(child);
    assert.deepEqual(await processes.reap(child.custody), { survivors: 0 });
    assert.deepEqual(left(child), []);

    const stranger = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    await once(stranger, "spawn");
    const pid = stranger.pid ?? 0;
    const recorded = { pid, startTime: "1@another-boot", marker: "00000000-0000-4000-8000-000000000000" };
    assert.deepEqual(await processes.reap(recorded), { survivors: 0 });
    assert.ok(startTimeOf(pid) !== undefined, "the stranger lives");
    assert.deepEqual(await processes.reap({ ...recorded, startTime: startTimeOf(pid) ?? "" }), {
      survivors: 0,
    });
    assert.equal(startTimeOf(pid), undefined);
  },
);

test("reaping what is long gone does nothing", async () => {
  const child = await processes.spawn(shell("exit 0"));
  await child.exited;
  assert.deepEqual(await processes.reap(child.custody), { survivors: 0 });
});

test("a child that never reads its input takes no memory and no error with it", async () => {
  const child = await processes.spawn(shell("echo ready; exec sleep 600"));
  await firstLine(child);
  let writes = 0;
  while (child.stdin.write("x".repeat(16_384))) writes += 1;
  assert.ok(writes < 64, "the stream says stop");
  await child.end(0);
});

test("writing to a child that has ended is no error of ours", async () => {
  const child = await processes.spawn(shell("exec 0<&-; exit 0"));
  await child.exited;
  child.stdin.write("late");
  child.stdin.end("words");
  await child.end(0);
});

test("floods are bounded: a probe's output, and the last words on stderr", async () => {
  const flood = await processes.run(shell("yes é | head -c 999999; yes é | head -c 999999 >&2"), 10_000);
  assert.equal(Buffer.byteLength(flood.stdout), 65_535);
  assert.ok(Buffer.byteLength(flood.stderr) <= LIMITS.stderrTailBytes);
  assert.ok(Buffer.byteLength(flood.stderr) > LIMITS.stderrTailBytes - 4);
  assert.doesNotMatch(flood.stderr, /\uFFFD/);
});

test("a probe past its deadline is ended with all that it started", { skip: linuxOnly }, async () => {
  const ran = await processes.run(shell("setsid sleep 600 & echo $!; exec sleep 600"), 100);
  assert.equal(ran.timedOut, true);
  assert.equal(startTimeOf(Number(ran.stdout)), undefined);
});

test("a probe gets its input and its end", async () => {
  const { stdout } = await processes.run({ ...shell("cat"), input: "what was said" }, 5000);
  assert.equal(stdout, "what was said");
});

test("what can't be started says so, and how", async () => {
  await writeFile(path.join(dir, "plain"), "echo hi", { mode: 0o644 });
  await writeFile(path.join(dir, "no-interpreter"), "#!/nowhere/at-all\n", { mode: 0o755 });
  await symlink(path.join(dir, "gone"), path.join(dir, "dangling"));
  for (const name of ["absent", "plain", "no-interpreter", "dangling"]) {
    const spec = { ...shell(""), command: path.join(dir, name) };
    await assert.rejects(
      processes.spawn(spec),
      (error) => {
        assert.ok(error instanceof RollcallError);
        return error.code === "harness-missing";
      },
      name,
    );
  }
  await assert.rejects(processes.spawn({ ...shell("true"), cwd: path.join(dir, "absent") }), (error) => {
    assert.ok(error instanceof RollcallError);
    return error.code === "harness-failed" && error.message.includes("working folder");
  });
});

test("a command is found on the PATH that is given, and only in absolute folders", async () => {
  await writeFile(path.join(dir, "tool"), "#!/bin/sh\n", { mode: 0o755 });
  assert.equal(await processes.which("tool", `/nowhere:${dir}`), path.join(dir, "tool"));
  assert.equal(await processes.which("tool", ""), undefined);
  assert.equal(await processes.which("plain", dir), undefined);
  assert.equal(await processes.which("tool", path.relative(process.cwd(), dir)), undefined);
  assert.equal(await processes.which(path.join(dir, "tool"), ""), path.join(dir, "tool"));
});
