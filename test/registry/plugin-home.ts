// A configuration with plugins, and a witness beside the program that looks whether anything ever listened.
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { makeHome, runProgram, type Home, type Line } from "../gateway/program.ts";

/** A plugin that a test brings as text. */
export interface Written {
  readonly [file: string]: string;
}

export interface PluginSetup {
  /** What the agent runs on. */
  readonly primary?: string;
  readonly fallbacks?: readonly string[];
  readonly boot?: object;
  readonly harnesses?: object;
}

/** Writes plugins and a configuration that lists them all, in order. */
export function pluginHome(t: TestContext, plugins: Written, setup: PluginSetup = {}): Home {
  const home = makeHome(t);
  mkdirSync(join(home.dir, "plugins"));
  for (const [file, text] of Object.entries(plugins)) writeFileSync(join(home.dir, "plugins", file), text);
  home.configure({
    gateway: { boot: setup.boot ?? {} },
    agents: {
      list: [
        { id: "main", model: { primary: setup.primary ?? "mine/default", fallbacks: setup.fallbacks ?? [] } },
      ],
    },
    ...(setup.harnesses !== undefined && { harnesses: setup.harnesses }),
    plugins: Object.keys(plugins).map((file) => `./plugins/${file}`),
  });
  return home;
}

export interface FailedStart {
  readonly code: number | null;
  readonly signal: string | null;
  readonly ms: number;
  /** Lines of level fatal. */
  readonly critical: readonly string[];
  readonly lines: readonly Line[];
  readonly stderr: string;
  /** How often the witness looked, and how often something answered. */
  readonly looks: number;
  readonly answered: number;
}

/**
 * Starts a gateway that must fail, with a witness that tries its port all the time.
 *
 * @param until one that comes up all the same is ended at the first of these events
 */
export async function failedStart(
  t: TestContext,
  home: Home,
  until: readonly string[] = [],
): Promise<FailedStart> {
  const port = await freePort();
  const begun = performance.now();
  const program = runProgram(t, home, "start", { args: ["--port", String(port)] });
  const witness = watchPort(port);
  for (const event of until) {
    program.logged(event).then(
      () => program.signal("SIGTERM"),
      () => undefined,
    );
  }
  const { code, signal } = await program.exited;
  const ms = performance.now() - begun;
  const { looks, answered } = await witness.stop();
  const critical = program.lines.filter(({ level }) => level === "fatal").map(({ msg }) => msg ?? "");
  return { code, signal, ms, critical, lines: program.lines, stderr: program.stderr(), looks, answered };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Witness {
  stop(): Promise<{ readonly looks: number; readonly answered: number }>;
}

/** Tries to connect, again and again, as a balancer does. */
function watchPort(port: number): Witness {
  let looks = 0;
  let answered = 0;
  const over = new AbortController();
  const look = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" });
      const end = (open: boolean) => () => {
        looks += 1;
        if (open) answered += 1;
        socket.destroy();
        resolve();
      };
      socket.once("connect", end(true)).once("error", end(false));
    });
  const watching = (async () => {
    while (!over.signal.aborted) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return { looks, answered };
    },
  };
}
