import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

const ROOT = path.resolve(import.meta.dirname, "..");
const DEADLINE = 60_000;

export class BenchFailed extends Error {
  constructor(what: string) {
    super(what);
    this.name = "BenchFailed";
  }
}

/** A program under measurement, from its spawn on. Times are milliseconds since the spawn. */
export interface Program {
  readonly pid: number;
  /** When its log said so; rejects when it ended or took more than a minute. */
  event(name: string): Promise<number>;
  /** Since the spawn. */
  elapsed(): number;
  /** Base of its requests and their headers, once it listens. */
  endpoint(): Promise<Endpoint>;
  stop(): Promise<void>;
}

export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Path that takes one message and answers when it was answered. */
  readonly path: string;
}

/** Starts the gateway with the echo harness: an empty PATH has no other program to find. */
export function startGateway(stateDir: string, emptyDir: string): Program {
  const args = [path.join(ROOT, "rollcall.js"), "start", "--try", "--port", "0", "--state", stateDir];
  const endpoint = (): Endpoint => {
    const { url, token } = JSON.parse(readFileSync(path.join(stateDir, "gateway.json"), "utf8")) as {
      readonly url: string;
      readonly token: string;
    };
    return { url, headers: { authorization: `Bearer ${token}` }, path: "/api/v1/messages?wait=60" };
  };
  return start(args, { PATH: emptyDir, HOME: emptyDir, LANG: "C.UTF-8" }, endpoint);
}

/** Starts the floor: `node:http` listening beside an open store, and nothing else. */
export function startFloor(file: string, commits: number): Program {
  const args = [path.join(import.meta.dirname, "floor.js"), "serve", file];
  return start(args, {}, (line) => ({
    url: `http://127.0.0.1:${String(line["port"])}`,
    headers: {},
    path: `/?commits=${commits}`,
  }));
}

type Line = Readonly<Record<string, unknown>>;

interface Seen {
  /** Milliseconds since the spawn. */
  readonly at: number;
  readonly line: Line;
}

function start(
  args: readonly string[],
  env: Record<string, string>,
  endpointOf: (listening: Line) => Endpoint,
): Program {
  const from = performance.now();
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  const waitFor = watchLog(child, from);
  return {
    pid: child.pid ?? 0,
    event: async (name) => (await waitFor(name)).at,
    elapsed: () => performance.now() - from,
    endpoint: async () => endpointOf((await waitFor("gateway.listening")).line),
    stop: () => stop(child),
  };
}

/** Follows the log of a child. What it returns waits for the first line of an event. */
function watchLog(
  child: ChildProcessByStdio<null, Readable, Readable>,
  from: number,
): (name: string) => Promise<Seen> {
  const seen = new Map<string, Seen>();
  const stderr: string[] = [];
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = parse(text);
    const name = line?.["event"];
    if (line === undefined || typeof name !== "string" || seen.has(name)) return;
    seen.set(name, { at: performance.now() - from, line });
    wake();
  });
  child.stderr.on("data", (chunk) => stderr.push(String(chunk)));
  child.on("exit", wake);
  return async (name) => {
    for (;;) {
      const found = seen.get(name);
      if (found !== undefined) return found;
      if (child.exitCode !== null) {
        throw new BenchFailed(`ended with ${child.exitCode} before ${name}: ${stderr.join("").slice(-500)}`);
      }
      const late = await Promise.race([changed.promise, wait(DEADLINE, "late", { ref: false })]);
      if (late === "late") throw new BenchFailed(`no ${name} within ${DEADLINE} ms`);
    }
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 40_000);
  await ended;
  clearTimeout(late);
}

function parse(text: string): Line | undefined {
  if (!text.startsWith("{")) return undefined;
  return JSON.parse(text) as Line;
}
