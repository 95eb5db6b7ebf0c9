import { readFileSync } from "node:fs";
import { BenchFailed, type Endpoint } from "../program.ts";

/** What the gateway counts about itself, read between two loads. */
export interface Counted {
  readonly commits: number;
  /** Messages that wait for their end. */
  readonly waiting: number;
}

export async function readCounted({ url, headers }: Endpoint): Promise<Counted> {
  const answer = await fetch(new URL("/metrics", url), { headers });
  if (!answer.ok) throw new BenchFailed(`HTTP ${answer.status} of /metrics`);
  const text = await answer.text();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name} (\\S+)$`, "gm"))].reduce((total, [, n]) => total + Number(n), 0);
  const waiting = String.raw`rollcall_messages\{state="(?:queued|held|running|answered)"\}`;
  return { commits: sum("rollcall_store_commit_seconds_count"), waiting: sum(waiting) };
}

/** What a process has cost so far. Linux only. */
export interface Spent {
  /** On processors, in milliseconds. */
  readonly cpu: number;
  /** Handed to the system to write, to files and connections, in KB (10³ bytes). */
  readonly written: number;
}

/** A hundredth of a second, on every Linux that Node runs on. */
const TICK = 10;

export function readSpent(pid: number): Spent {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold anything: the fields begin after its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const io = readFileSync(`/proc/${pid}/io`, "utf8");
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) * TICK,
    written: Number(/^wchar: (\d+)$/m.exec(io)?.[1] ?? Number.NaN) / 1000,
  };
}
