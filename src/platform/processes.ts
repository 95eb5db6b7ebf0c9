import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { stat, writeFile } from "node:fs/promises";
import { codeOf, messageOf, RollcallError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { SECOND } from "../core/time.ts";
import type { Custody } from "../core/turn.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Child, Exit, Processes, SpawnSpec } from "../ports/process.ts";
import type { Random } from "../ports/random.ts";
import { createTail } from "./byte-tail.ts";
import { endTree } from "./end-tree.ts";
import { canScan, MARKER_VARIABLE, startTimeOf, livingTree } from "./process-tree.ts";
import { runChild } from "./run-child.ts";
import { createMarkers } from "./strays.ts";
import { which } from "./which.ts";

export interface ProcessDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What all children are marked with, so that a later run finds those that this one leaves. */
  readonly owner?: string;
}

/** What a recorded tree gets to end by itself before it is killed. */
const REAP_GRACE = 2 * SECOND;
/** Linux takes a child for memory first, never the gateway: proc(5), `oom_score_adj`. */
const OOM_SCORE = "500";

/**
 * Children in process groups of their own, with a marker in their environment (custody level C1; C0 where there is no
 * /proc). Nothing is inherited but what the spec names. Every exit is observed; no stream error is left unhandled.
 */
export function createProcesses(deps: ProcessDeps): Processes {
  const markers = createMarkers(deps.owner, () => deps.random.uuid());
  const spawnMarked = (spec: SpawnSpec): Promise<Child> => spawnChild(deps, spec, markers.next());
  const processes: Processes = {
    custodyLevel: canScan ? "C1" : "C0",
    which,
    spawn: spawnMarked,
    run: async (spec, deadline) => runChild(deps.clock, await spawnMarked(spec), spec.input, deadline),
    async reapStrays(recorded) {
      const known = new Set(recorded.map(({ marker }) => marker));
      const strays = markers.strays().filter((marker) => !known.has(marker));
      const ends = strays.map((marker) =>
        endTree(deps.clock, { group: 0, marker }, REAP_GRACE, Promise.resolve(), true),
      );
      const survivors = (await Promise.all(ends)).reduce((sum, count) => sum + count, 0);
      return { found: strays.length, survivors };
    },
    async reap(custody) {
      const survivors = await reap(deps, custody);
      if (survivors > 0)
        deps.log.error("process.survivors", { pid: custody.pid, survivors }, "processes could not be ended");
      return { survivors };
    },
  };
  return processes;
}

async function spawnChild(deps: ProcessDeps, spec: SpawnSpec, marker: string): Promise<Child> {
  const file = await which(spec.command, spec.env["PATH"] ?? "");
  if (file === undefined)
    throw new RollcallError("harness-missing", { detail: `"${spec.command}" is not an executable file` });
  await mustBeFolder(spec.cwd);
  const child = start(file, spec, marker);
  // Both are read before the loop turns: until then the kernel keeps even a child that ended at once.
  const custody: Custody = { pid: child.pid ?? 0, startTime: startTimeOf(child.pid ?? 0) ?? "", marker };
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    child.on("error", () => resolve({ code: null, signal: null }));
  });
  const tail = createTail(LIMITS.stderrTailBytes);
  child.stderr.on("data", (chunk: Buffer) => tail.add(chunk));
  for (const stream of [child.stdin, child.stdout, child.stderr])
    stream.on("error", (error) =>
      deps.log.debug("process.stream", { pid: custody.pid, error: messageOf(error) }),
    );
  await spawned(child, spec.command);
  if (canScan) void yieldMemory(custody.pid);
  return {
    custody,
    stdin: child.stdin,
    stdout: child.stdout,
    stderrTail: () => tail.text(),
    exited,
    async end(grace) {
      const survivors = await endTree(deps.clock, { group: custody.pid, marker }, grace, exited);
      if (survivors > 0)
        deps.log.error("process.survivors", { pid: custody.pid, survivors }, "processes could not be ended");
      return { survivors };
    },
  };
}

function start(file: string, spec: SpawnSpec, marker: string): ChildProcessWithoutNullStreams {
  try {
    return spawn(file, spec.args, {
      cwd: spec.cwd,
      env: { ...spec.env, [MARKER_VARIABLE]: marker },
      detached: true,
      stdio: "pipe",
      windowsHide: true,
    });
  } catch (error) {
    throw spawnError(error, spec.command);
  }
}

function spawned(child: ChildProcessWithoutNullStreams, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve());
    child.once("error", (error) => reject(spawnError(error, command)));
  });
}

/** Not there and not allowed are the program's fault; no memory, no descriptors, no room for arguments are not. */
function spawnError(error: unknown, command: string): RollcallError {
  const code = codeOf(error);
  const missing = code === "ENOENT" || code === "EACCES" || code === "ENOEXEC" || code === "EPERM";
  return new RollcallError(missing ? "harness-missing" : "harness-failed", {
    detail: `"${command}" can't be started: ${code ?? messageOf(error)}`,
    cause: error,
  });
}

async function mustBeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => codeOf(error) ?? messageOf(error));
  if (typeof found !== "string" && found.isDirectory()) return;
  throw new RollcallError("harness-failed", {
    detail: `the working folder ${folder} is not there`,
    fix: "Make the agent's workspace folder, or mend agents.list[].workspace.",
  });
}

async function yieldMemory(pid: number): Promise<void> {
  // The child may have ended, or the system may not allow it: then it is as likely to be taken as we are.
  await writeFile(`/proc/${pid}/oom_score_adj`, OOM_SCORE).catch(() => undefined);
}

/** Only a leader with the recorded start time is the recorded one: otherwise its pid, and its group, are somebody else's. */
async function reap(deps: ProcessDeps, custody: Custody): Promise<number> {
  const ours = custody.startTime !== "" && startTimeOf(custody.pid) === custody.startTime;
  const key = { group: ours ? custody.pid : 0, marker: custody.marker };
  if (livingTree(key, new Map(), true).length === 0) return 0;
  const gone = ours ? leaderGone(deps.clock, custody) : Promise.resolve();
  return endTree(deps.clock, key, REAP_GRACE, gone, true);
}

async function leaderGone(clock: Clock, custody: Custody): Promise<void> {
  const until = clock.monotonic() + REAP_GRACE;
  while (startTimeOf(custody.pid) === custody.startTime && clock.monotonic() < until) await clock.sleep(20);
}
