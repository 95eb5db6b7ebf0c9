import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { codeOf, messageOf } from "../../core/errors.ts";
import { SECOND } from "../../core/time.ts";
import { packageRoot } from "../version.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The gateway of a drill: the real program, as a process of its own. */
export interface DrilledGateway {
  readonly pid: number;
  /** Whether it still runs. */
  alive(): boolean;
  /** Status of an answer; 0 when there was none. */
  status(path: string): Promise<number>;
  api(path: string, body?: Fields): Promise<{ readonly status: number; readonly json: Fields }>;
  /** As `kill -9`. */
  kill(): Promise<void>;
  /** Drained, and killed if that takes too long. */
  stop(): Promise<void>;
}

export interface ChildPlace {
  readonly config: string;
  readonly state: string;
  /** Where its output goes. */
  readonly logFile: string;
  /** Home and working folder. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** Options of Node itself. */
  readonly node: readonly string[];
  /** Runs the program below another that makes it a small disk of its own. */
  readonly below: readonly string[];
  /** Where its files are seen from here, before their own path: `/proc/PID/root` of a disk of its own. */
  readonly seenAt: (pid: number) => string;
}

/** The gateway of a drill didn't come up. */
export class DrillFailed extends Error {
  constructor(why: string) {
    super(why);
    this.name = "DrillFailed";
  }
}

const START = 30 * SECOND;
const STOP = 10 * SECOND;
const CALL = 5 * SECOND;

/** Starts the program and waits until it is ready. @throws DrillFailed; nothing is left running then */
export async function startGateway(place: ChildPlace, signal: AbortSignal): Promise<DrilledGateway> {
  const child = launch(place);
  const gateway = follow(child, place);
  const until = performance.now() + START;
  try {
    for (;;) {
      signal.throwIfAborted();
      if (!gateway.alive()) throw new DrillFailed(`the gateway ended with ${child.exitCode}`);
      if ((await gateway.status("/readyz")) === 200) return gateway;
      if (performance.now() > until) throw new DrillFailed("the gateway wasn't ready within 30 s");
      await pause(50);
    }
  } catch (error) {
    await gateway.kill();
    throw error;
  }
}

function launch(place: ChildPlace): ChildProcess {
  const program = [
    process.execPath,
    ...place.node,
    fileURLToPath(new URL("rollcall.js", packageRoot)),
    "start",
    `--config=${place.config}`,
    `--state=${place.state}`,
    "--host=127.0.0.1",
    "--port=0",
    "--log-format=json",
  ];
  const [command = process.execPath, ...args] = [...place.below, ...program];
  const { PATH, LANG, TZ } = place.env;
  const log = openSync(place.logFile, "a");
  try {
    return spawn(command, args, {
      cwd: place.home,
      // With a channel to the drill, so that its end is the gateway's end too.
      env: {
        PATH,
        HOME: place.home,
        ROLLCALL_LAUNCHED: "1",
        ...(LANG !== undefined && { LANG }),
        ...(TZ !== undefined && { TZ }),
      },
      stdio: ["ignore", log, log, "ipc"],
    });
  } finally {
    closeSync(log);
  }
}

function follow(child: ChildProcess, place: ChildPlace): DrilledGateway {
  const pid = child.pid ?? 0;
  let running = pid > 0;
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      running = false;
      resolve();
    };
    child.once("exit", end);
    child.once("error", end);
  });
  const kill = async (): Promise<void> => {
    if (running) child.kill("SIGKILL");
    await ended;
  };
  const call = async (path: string, body?: Fields): Promise<Response | null> => {
    const found = presence(join(place.seenAt(pid), place.state, "gateway.json"), pid);
    if (found === null) return null;
    return fetch(found.url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${found.token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL),
    }).catch((error: unknown) => unanswered(error));
  };
  return {
    pid,
    alive: () => running,
    async status(path) {
      const response = await call(path);
      await response?.body?.cancel();
      return response?.status ?? 0;
    },
    async api(path, body) {
      const response = await call(path, body);
      if (response === null) return { status: 0, json: {} };
      const json = (await response.json().catch((error: unknown) => ({ error: messageOf(error) }))) as Fields;
      return { status: response.status, json };
    },
    kill,
    async stop() {
      if (!running) return;
      child.kill("SIGTERM");
      const over = new AbortController();
      await Promise.race([ended, pause(STOP, undefined, { signal: over.signal }).catch(unanswered)]);
      over.abort();
      await kill();
    },
  };
}

function unanswered(_error: unknown): null {
  return null;
}

/** Where the gateway is, once it listens. */
function presence(file: string, pid: number): { readonly url: string; readonly token: string } | null {
  try {
    const found = JSON.parse(readFileSync(file, "utf8")) as { pid: number; url: string; token: string };
    return found.pid === pid ? found : null;
  } catch (error) {
    if (codeOf(error) !== undefined || error instanceof SyntaxError) return null;
    throw error;
  }
}
