import { readdirSync, readFileSync } from "node:fs";

/** Memory of a process and everything below it, in MB (10⁶ bytes). Linux only. */
export interface TreeMemory {
  readonly processes: number;
  /** Resident: what is shared counts in every process. */
  readonly rss: number;
  /** Proportional: what is shared is divided among those that share it, on the whole machine. */
  readonly pss: number;
}

export function treeMemory(root: number): TreeMemory {
  const pids = tree(root);
  const rollups = pids.map((pid) => readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  const sum = (key: string): number =>
    rollups.reduce(
      (total, text) =>
        total + (Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1024) / 1e6,
      0,
    );
  return { processes: pids.length, rss: sum("Rss"), pss: sum("Pss") };
}

function tree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(name);
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

function parentOf(pid: string): number | undefined {
  try {
    // The name in parentheses may hold anything: the fields begin after its last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // Ended while we were reading: it is nobody's child any more.
    return undefined;
  }
}
