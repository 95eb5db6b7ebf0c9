import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

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
  /** When its log said so (for the `times`th time); rejects when it ended or took more than a minute. */
  event(name: string, times?: number): Promise<number>;
  /** Since the spawn. */
  elapsed(): number;
  /** Base of its requests and their headers, once it listens. */
  endpoint(): Promise<Endpoint>;
  stop(): Promise<void>;
  /** Without a last word, as a crash ends it. */
  kill(): Promise<void>;
}

export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Path that takes one message and answers when it was answered. */
  readonly path: string;
}

/**
 * Starts the gateway with the echo harness: an empty PATH has no other program to find.
 *
 * @param config a configuration file, instead of none
 */
export function startGateway(stateDir: string, emptyDir: string, config?: string): Program {
  const how = config === undefined ? ["--try"] : ["--config", config];
  const args = [path.join(ROOT, "rollcall.js"), "start", ...how, "--port", "0", "--state", stateDir];
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

/** Starts the bare store that answers over HTTP, with as many rows in it. */
export function startBareDoor(file: string, rows: number): Program {
  return startBare(["door", file, String(rows)]);
}

/** Starts a bare store in which that many messages wait, to be walked with so many commits. */
export function startBareRecovery(
  file: string,
  of: { readonly messages: number; readonly steps: number; readonly commits: number },
): Program {
  return startBare(["recover", file, ...[of.messages, of.steps, of.commits].map(String)]);
}

function startBare(args: readonly string[]): Program {
  return start([path.join(import.meta.dirname, "bare-store.js"), ...args], {}, (line) => ({
    url: `http://127.0.0.1:${String(line["port"])}`,
    headers: {},
    path: "/",
  }));
}

type Line = Readonly<Record<string, unknown>>;

interface Seen {
  /** Milliseconds since the spawn, of each such line. */
  readonly at: number[];
  /** The first of them. */
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
    event: async (name, times = 1) => (await waitFor(name, times)).at[times - 1] ?? Number.NaN,
    elapsed: () => performance.now() - from,
    endpoint: async () => endpointOf((await waitFor("gateway.listening", 1)).line),
    stop: () => stop(child, "SIGTERM"),
    kill: () => stop(child, "SIGKILL"),
  };
}

/** Follows the log of a child. What it returns waits for so many lines of an event. */
function watchLog(
  child: ChildProcessByStdio<null, Readable, Readable>,
  from: number,
): (name: string, times: number) => Promise<Seen> {
  const seen = new Map<string, Seen>();
  const waiting = new Set<() => void>();
  const stderr: string[] = [];
  const look = (): void => waiting.forEach((check) => check());
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = parse(text);
    const name = line?.["event"];
    if (line === undefined || typeof name !== "string") return;
    const known = seen.get(name);
    if (known === undefined) seen.set(name, { at: [performance.now() - from], line });
    else known.at.push(performance.now() - from);
    look();
  });
  child.stderr.on("data", (chunk) => stderr.push(String(chunk)));
  child.on("exit", look);
  return (name, times) =>
    new Promise((resolve, reject) => {
      const end = (fault: string | null): void => {
        clearTimeout(late);
        waiting.delete(check);
        const found = seen.get(name);
        if (fault === null && found !== undefined) resolve(found);
        else reject(new BenchFailed(fault ?? `no ${name}`));
      };
      const check = (): void => {
        if ((seen.get(name)?.at.length ?? 0) >= times) end(null);
        else if (seen.has("log.dropped")) end("the log lost lines: what was counted is not all");
        else if (child.exitCode !== null || child.signalCode !== null)
          end(`ended with ${child.exitCode} before ${name}: ${stderr.join("").slice(-500)}`);
      };
      const late = setTimeout(() => end(`no ${name} within ${DEADLINE} ms`), DEADLINE);
      waiting.add(check);
      check();
    });
}

async function stop(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 40_000);
  await ended;
  clearTimeout(late);
}

function parse(text: string): Line | undefined {
  if (!text.startsWith("{")) return undefined;
  return JSON.parse(text) as Line;
}
