// Faults of system calls, injected into a running program from outside.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Home, Program } from "../gateway/program.ts";

/** Null when calls of a running child can be traced here; else why not, for a skip. */
export const noStrace: string | null = whyNot();

function whyNot(): string | null {
  const run = spawnSync("strace", ["-f", "-o", "/dev/null", "-e", "trace=fsync", "true"], {
    encoding: "utf8",
  });
  if (run.status === 0) return null;
  return `strace can't trace here: ${run.error?.message ?? run.stderr.trim().split("\n").at(-1) ?? ""}`;
}

/** One traced call, with the path behind its descriptor. */
export interface Call {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly name: string;
  readonly text: string;
  readonly injected: boolean;
}

export interface Trace {
  /** Everything so far. Calls under way are left out. */
  calls(): readonly Call[];
  /** Lets the program go on without faults. */
  end(): Promise<void>;
}

/** Attaches to a program and injects a fault, as `strace -e inject` writes it. Resolves when it is in place. */
export async function inject(t: TestContext, home: Home, { pid }: Program, fault: string): Promise<Trace> {
  const out = join(home.dir, `strace-${pid}-${Math.random().toString(36).slice(2)}`);
  const traced = ["-e", "trace=fsync,fdatasync,pwrite64,ftruncate,unlink", "-e", `inject=${fault}`];
  const args = ["-f", "-ttt", "-y", "-o", out, ...traced, "-p", String(pid)];
  const child = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const gone = once(child, "exit");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  while (!/attached/.test(said)) await Promise.race([wait(10), gone]);
  return {
    calls: () => (existsSync(out) ? callsOf(readFileSync(out, "utf8")) : []),
    async end() {
      child.kill("SIGINT");
      await gone;
    },
  };
}

/** A call that another thread's line cut in two is named by its second half. */
function callsOf(text: string): readonly Call[] {
  return text.split("\n").flatMap((line) => {
    const [, at, name, rest] = /^\d+\s+([\d.]+) (?:<\.\.\. )?(\w+)(.*)$/.exec(line) ?? [];
    if (at === undefined || name === undefined || rest === undefined || rest.includes("<unfinished"))
      return [];
    return [{ at: Number(at), name, text: rest, injected: rest.includes("(INJECTED)") }];
  });
}
