import { readFileSync, readdirSync } from "node:fs";
import process from "node:process";

/** Variable of the environment marker: every process of a tree inherits it, also one that left its group. */
export const MARKER_VARIABLE = "ROLLCALL_CUSTODY";

/** Which processes belong together. */
export interface TreeKey {
  /** The process group's id, which is the leader's pid. Zero: only the marker counts. */
  readonly group: number;
  readonly marker: string;
}

/** Whether the kernel lets us look into other processes. */
export const canScan = process.platform === "linux";

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly zombie: boolean;
  readonly ticks: string;
}

/** proc(5), `/proc/PID/stat`: the name stands in brackets and may hold anything, so the fields count from the last one. */
function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined; // it has ended, which is an answer
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    zombie: fields[0] === "Z" || fields[0] === "X",
    parent: Number(fields[1]),
    group: Number(fields[2]),
    ticks: fields[19] ?? "",
  };
}

/** environ(5): variables, each ended by NUL. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return ""; // it has ended, or belongs to another user and can't be ours
  }
}

/** All processes at about the same time. */
interface Snapshot {
  readonly all: readonly Stat[];
  /** Read once, when somebody asks. */
  readonly environment: (pid: number) => string;
}

function readAll(): Snapshot {
  const environments = new Map<number, string>();
  return {
    all: readdirSync("/proc").flatMap((name) => {
      const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
      return stat === undefined || stat.zombie || stat.pid === process.pid ? [] : [stat];
    }),
    environment(pid) {
      const known = environments.get(pid) ?? environmentOf(pid);
      environments.set(pid, known);
      return known;
    },
  };
}

let shared: Snapshot | undefined;

/**
 * One look for everybody who looks in the same turn of the loop: at a start many trees are ended at once. Only for
 * trees that are not ours: what such a tree forks meanwhile has a parent in the picture.
 */
function readShared(): Snapshot {
  if (shared === undefined) {
    shared = readAll();
    setImmediate(() => (shared = undefined));
  }
  return shared;
}

/** Values of the marker variable that begin so, among all processes. */
export function markersWith(prefix: string): readonly string[] {
  if (!canScan) return [];
  const { all, environment } = readShared();
  const variable = `${MARKER_VARIABLE}=${prefix}`;
  const found = all.flatMap(({ pid }) =>
    environment(pid)
      .split("\0")
      .filter((one) => one.startsWith(variable)),
  );
  return [...new Set(found.map((one) => one.slice(MARKER_VARIABLE.length + 1)))];
}

let bootId: string | undefined;

/** Start times count from the machine's start, so they name a process only together with it. */
function thisBoot(): string {
  try {
    bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    bootId = "unknown";
  }
  return bootId;
}

/** When the process started, as text that is only compared; undefined when there is no such process, or no way to know. */
export function startTimeOf(pid: number): string | undefined {
  if (!canScan) return undefined;
  const stat = readStat(pid);
  return stat === undefined || stat.zombie ? undefined : `${stat.ticks}@${thisBoot()}`;
}

/** Start times by pid of what was seen as part of a tree. */
export type Seen = Map<number, string>;

/**
 * Pids of the tree that live now: members of the group, carriers of the marker, descendants of either, and whoever was
 * `seen` as one of them before, so that a child which wiped its environment is found as long as its parent was alive at
 * the first look. Zombies don't count: they run nothing.
 *
 * @param foreign the tree is an earlier gateway's: one look serves all who look now
 */
export function livingTree(key: TreeKey, seen: Seen = new Map(), foreign = false): readonly number[] {
  if (!canScan) return groupAlive(key.group) ? [key.group] : [];
  const { all, environment } = foreign ? readShared() : readAll();
  const variable = `${MARKER_VARIABLE}=${key.marker}`;
  const found = new Set<number>();
  for (const { pid, group, ticks } of all) {
    const ours = seen.get(pid) === ticks || (key.group > 1 && group === key.group);
    if (ours || environment(pid).includes(variable)) found.add(pid);
  }
  for (let grew = found.size > 0; grew;) {
    const before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
    grew = found.size > before;
  }
  for (const { pid, ticks } of all) if (found.has(pid)) seen.set(pid, ticks);
  return [...found];
}

function groupAlive(group: number): boolean {
  return group > 1 && signal(-group, 0);
}

/** Sends a signal; false when there is nobody to get it. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false; // ESRCH: it has ended. EPERM: it changed its user and is counted as a survivor by the next scan.
  }
}
