// One life of the real program, with what will end it.
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { FAILPOINT, formatFailpoint } from "../../failpoints/points.ts";
import { runProgram, type Home, type Line, type Program } from "../../gateway/program.ts";
import type { Kill } from "./kills.ts";

export const TOKEN = "the-token-of-the-crash-sweep";
const LAUNCHER = fileURLToPath(new URL("../../../rollcall.js", import.meta.url));
const PRELOAD = fileURLToPath(new URL("../../failpoints/preload.ts", import.meta.url));

/** What is over with one life. */
export interface Death {
  readonly code: number | null;
  readonly signal: string | null;
  /** Its last words. */
  readonly stderr: string;
  readonly lines: readonly Line[];
}

export interface Gateway {
  readonly program: Program;
  readonly url: Promise<string | null>;
  /** From the start of the process to the first message that it could take, in milliseconds; null when it never could. */
  readonly recovery: Promise<number | null>;
  readonly gone: AbortSignal;
  readonly death: Promise<Death>;
  /** Ends it at once. */
  kill(): Promise<Death>;
}

export interface LifeOptions {
  readonly home: Home;
  readonly env: Readonly<Record<string, string>>;
  readonly kill?: Kill;
}

/** Starts the program. A failpoint or strace is its own end; everything else comes from outside. */
export function startLife({ home, env, kill }: LifeOptions): Gateway {
  const point = kill?.how === "point" ? { [FAILPOINT]: formatFailpoint(kill) } : {};
  const begun = performance.now();
  const program = runProgram(foreign, home, "start", {
    entry: LAUNCHER,
    args: ["--port", "0"],
    env: { ...env, ...point },
    ...(kill?.how === "point" && { node: ["--import", PRELOAD] }),
    ...(kill?.how === "write" && { under: straceOf(kill, home) }),
  });
  const gone = new AbortController();
  const death = program.exited.then(({ code, signal }) => {
    gone.abort();
    return { code, signal, stderr: program.stderr(), lines: program.lines };
  });
  const url = program.logged("gateway.listening").then(
    ({ port }) => `http://127.0.0.1:${String(port)}`,
    () => null,
  );
  return {
    program,
    url,
    gone: gone.signal,
    death,
    recovery: url.then(async (at) =>
      at !== null && (await takes(at, gone.signal)) ? performance.now() - begun : null,
    ),
    kill() {
      program.signal("SIGKILL");
      return death;
    },
  };
}

/** It is ended here, whatever happens; there is no test that would do it. */
const foreign = { after: () => undefined } as unknown as TestContext;

async function takes(url: string, gone: AbortSignal): Promise<boolean> {
  while (!gone.aborted) {
    const answer = await fetch(`${url}/intakez`).catch(() => null);
    if (answer?.status === 200) return true;
    await pause(5);
  }
  return false;
}

/** Its tracer stands beside it, so that the program is still our child. */
function straceOf({ call, when }: Extract<Kill, { how: "write" }>, home: Home): readonly string[] {
  const calls = call === "fsync" ? "fsync,fdatasync" : call;
  const inject = `inject=${calls}:signal=KILL:when=${when}`;
  return ["strace", "-D", "-qq", "-o", join(home.dir, "strace.txt"), "-e", `trace=${calls}`, "-e", inject];
}

/** The end of whatever it is, or null after `span` milliseconds. */
export async function within<T>(span: number, what: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  const late = pause(span, null, { signal: over.signal }).catch(() => null);
  const first = await Promise.race([what, late]);
  over.abort();
  return first;
}
