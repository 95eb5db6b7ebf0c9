// The real program as a child process of a test: started, asked over HTTP, stopped or killed.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const START_DEADLINE = 30_000;

export interface Home {
  readonly dir: string;
  readonly state: string;
  readonly config: string;
  configure(config: object | string): void;
}

/** Programs of each test. */
const running = new WeakMap<TestContext, ChildProcess[]>();

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** A folder of the test's own, gone with the test. */
export function makeHome(t: TestContext): Home {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-"));
  t.after(async () => {
    // Whoever still writes into the folder would keep it from being removed.
    await Promise.all((running.get(t) ?? []).map((child) => ended(child)));
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  mkdirSync(join(dir, "work"));
  const config = join(dir, "rollcall.json5");
  return {
    dir,
    state: join(dir, "state"),
    config,
    configure: (value) => writeFileSync(config, typeof value === "string" ? value : JSON.stringify(value)),
  };
}

export interface Line {
  readonly level: string;
  readonly event: string;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface Program {
  readonly pid: number;
  readonly lines: Line[];
  stderr(): string;
  /** Resolves when the log has such a line; rejects when the program ends before. */
  logged(event: string): Promise<Line>;
  /** Resolves when the log has had that many such lines; rejects when the program ends before. */
  loggedTimes(event: string, times: number): Promise<Line>;
  signal(name: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

export interface Gateway extends Program {
  readonly url: string;
  readonly token: string;
  api(
    path: string,
    init?: { readonly method?: string; readonly body?: unknown },
  ): Promise<{ readonly status: number; readonly json: Record<string, unknown> }>;
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** The program's entry, when it isn't the one of this checkout. */
  readonly entry?: string;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  /** A program that runs the program, with its options. */
  readonly under?: readonly string[];
}

/** Runs one command of the program in a home. It is ended with the test, if it hasn't ended by itself. */
export function runProgram(t: TestContext, home: Home, command: string, options: RunOptions = {}): Program {
  const { under = [], node = [] } = options;
  const program = [process.execPath, ...node, options.entry ?? entry, command];
  const [first = process.execPath, ...before] = under.length > 0 ? [...under, ...program] : program;
  const args = [...before, "--state", home.state, ...(options.args ?? [])];
  const named = existsSync(home.config) ? ["--config", home.config] : [];
  const env = { PATH: process.env["PATH"] ?? "", HOME: home.dir, LANG: "C.UTF-8", ...options.env };
  const child = spawn(first, [...args, ...named], {
    cwd: join(home.dir, "work"),
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  running.set(t, [...(running.get(t) ?? []), child]);
  return follow(child);
}

interface Wait {
  readonly event: string;
  /** How many are still to come. */
  times: number;
  readonly resolve: (line: Line) => void;
  readonly reject: (error: Error) => void;
}

function follow(child: ChildProcess): Program {
  const lines: Line[] = [];
  const waiting = new Set<Wait>();
  let rest = "";
  let errors = "";
  const exited = once(child, "close").then(([code, signal]: unknown[]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const line = JSON.parse(part) as Line;
      lines.push(line);
      for (const wait of waiting)
        if (wait.event === line.event && --wait.times === 0) {
          waiting.delete(wait);
          wait.resolve(line);
        }
    }
  });
  child.on("close", (code) => {
    const last = JSON.stringify(lines.slice(-5));
    for (const { event, reject } of waiting)
      reject(new Error(`ended with ${code} before ${event}: ${errors} ${last}`));
  });
  const loggedTimes = (event: string, times: number): Promise<Line> => {
    const known = lines.filter((line) => line.event === event);
    const last = known[times - 1];
    if (last !== undefined) return Promise.resolve(last);
    return new Promise((resolve, reject) =>
      waiting.add({ event, times: times - known.length, resolve, reject }),
    );
  };
  return {
    pid: child.pid ?? 0,
    lines,
    exited,
    stderr: () => errors,
    signal: (name) => void child.kill(name),
    logged: (event) => loggedTimes(event, 1),
    loggedTimes,
  };
}

/** Starts a gateway on a free port and waits until it is ready or holding. */
export async function startGateway(
  t: TestContext,
  home: Home,
  options: RunOptions & { readonly ready?: boolean } = {},
): Promise<Gateway> {
  const program = runProgram(t, home, "start", {
    ...options,
    args: ["--port", "0", ...(options.args ?? [])],
  });
  const late = setTimeout(() => program.signal("SIGKILL"), START_DEADLINE);
  await program.logged(options.ready === false ? "gateway.holding" : "gateway.ready");
  clearTimeout(late);
  const { url, token } = JSON.parse(readFileSync(join(home.state, "gateway.json"), "utf8")) as {
    url: string;
    token: string;
  };
  return {
    ...program,
    url,
    token,
    async api(path, init = {}) {
      const response = await fetch(`${url}${path}`, {
        method: init.method ?? (init.body === undefined ? "GET" : "POST"),
        headers: {
          authorization: `Bearer ${token}`,
          ...(init.body !== undefined && { "content-type": "application/json" }),
        },
        ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
      });
      return { status: response.status, json: (await response.json()) as Record<string, unknown> };
    },
    async stop() {
      program.signal("SIGTERM");
      return (await program.exited).code;
    },
    async kill() {
      program.signal("SIGKILL");
      await program.exited;
    },
  };
}

/** The reply's text of an API answer. */
export function replyOf(json: Record<string, unknown>): string | undefined {
  const message = json["message"] as { reply: { text: string } | null } | undefined;
  return message?.reply?.text;
}
