// Reloads of the real program under load, watched by a process of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { fakeClaude } from "../fakes/harness/fake-claude.ts";
import { makeHome, replyOf, startGateway, type Gateway, type Home, type Line } from "../gateway/program.ts";

/** What a run came to. Every figure but the first three should be 0, or next to nothing. */
export interface Figures {
  readonly reloads: number;
  readonly messages: number;
  readonly looks: number;
  readonly failedResolves: number;
  readonly wrongAnswers: number;
  readonly mixedGenerations: number;
  readonly falseReady: number;
  readonly falseNotReady: number;
  readonly rssGrowthMiB: number;
  readonly moreDescriptors: number;
  readonly moreProcesses: number;
}

const SENDERS = 4;

/** The configuration of a round: its harnesses and agents carry the round's parity, so that a mix would show. */
function configOf(round: number, claude: string): object {
  const turn = round % 2 === 0 ? "even" : "odd";
  const agents = [
    { id: "main", model: { primary: `${turn}/default` } },
    { id: "worker", model: { primary: "claude-cli/default" } },
    // Comes and goes, and can never be served: nobody may ever be told that it is.
    ...(round % 5 === 3 ? [{ id: "never", model: { primary: "nowhere/default" } }] : []),
  ];
  return {
    agents: { list: agents },
    harnesses: {
      [turn]: { kind: "echo", delay: round % 3 === 0 ? "1ms" : "0ms" },
      // Another instance with other processes, now and then.
      "claude-cli": { command: claude, env: { ROUND: String(Math.floor(round / 10)) }, pool: { max: 2 } },
      nowhere: { kind: "claude-cli", command: "/nowhere/claude" },
    },
  };
}

export async function reloadUnderLoad(t: TestContext, count: number): Promise<Figures> {
  const home = makeHome(t);
  const claude = fakeClaude({ dir: home.dir });
  configure(home, configOf(0, claude.command));
  const gateway = await startGateway(t, home, { env: claude.env });
  const poller = startPoller(gateway.url);
  t.after(() => poller.kill());
  const load = startLoad(gateway);
  let before = await takeSize(gateway);
  for (let round = 1; round <= count; round++) {
    configure(home, configOf(round, claude.command));
    const { status, json } = await gateway.api("/api/v1/reload", { body: {} });
    assert.equal(status, 200, JSON.stringify(json));
    // The first rounds fill what is kept warm.
    if (round === Math.floor(count / 4)) before = await takeSize(gateway);
  }
  const { messages, failed, wrong } = await load.end();
  const seen = await poller.end();
  await settled(gateway);
  const after = await takeSize(gateway);
  const { lines } = gateway;
  await gateway.stop();
  const served = seen["/readyz?agent=main"] ?? {};
  const never = seen["/readyz?agent=never"] ?? {};
  return {
    reloads: count,
    messages,
    looks: sum(served) + sum(never),
    failedResolves: failed + lines.filter(({ event }) => event === "dispatch.harness_missing").length,
    wrongAnswers: wrong,
    mixedGenerations: mixed(lines),
    falseReady: never["200"] ?? 0,
    falseNotReady: sum(served) - (served["200"] ?? 0),
    rssGrowthMiB: Math.round((after.rss - before.rss) / 2 ** 20),
    moreDescriptors: after.descriptors - before.descriptors,
    moreProcesses: after.processes - before.processes,
  };
}

/** Whole or not at all. */
function configure(home: Home, config: object): void {
  writeFileSync(`${home.config}.next`, JSON.stringify(config));
  renameSync(`${home.config}.next`, home.config);
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, one) => all + one, 0);

/** Turns whose candidate isn't one of their own generation's. */
export function mixed(lines: readonly Line[]): number {
  const rolls = new Map<unknown, string>();
  for (const line of lines)
    if (line.event === "registry.sealed" || line.event === "registry.swapped")
      rolls.set(line["generation"], JSON.stringify(line["roll"]));
  return lines.filter(
    (line) =>
      line.event === "turn.started" &&
      rolls.get(line["generation"])?.includes(String(line["candidate"])) !== true,
  ).length;
}

interface Poller {
  end(): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>>;
  kill(): void;
}

function startPoller(url: string): Poller {
  const entry = fileURLToPath(new URL("ready-poller.ts", import.meta.url));
  const child = spawn(process.execPath, [entry, url, "/readyz?agent=main", "/readyz?agent=never"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  const closed = new Promise((resolve) => child.once("close", resolve));
  return {
    kill: () => void child.kill(),
    async end() {
      child.stdin.end();
      await closed;
      return JSON.parse(out.split("\n").at(-2) ?? "{}") as Record<string, Record<string, number>>;
    },
  };
}

interface Load {
  end(): Promise<{ readonly messages: number; readonly failed: number; readonly wrong: number }>;
}

/** People who write without a pause, most to the agent whose harness changes at every reload. */
function startLoad(gateway: Gateway): Load {
  const over = new AbortController();
  const tally = { messages: 0, failed: 0, wrong: 0 };
  const sender = async (who: number): Promise<void> => {
    for (let n = 0; !over.signal.aborted; n++) {
      const text = `message ${who}-${n}`;
      const agent = n % 4 === 3 ? "worker" : "main";
      const body = { text, agent, conversation: `c${who}`, id: `${who}-${n}` };
      const { status, json } = await gateway.api("/api/v1/messages?wait=30", { body });
      tally.messages += 1;
      if (status !== 200) tally.failed += 1;
      else if (replyOf(json)?.includes(text) !== true) tally.wrong += 1;
    }
  };
  const senders = Array.from({ length: SENDERS }, (_, who) => sender(who));
  return {
    async end() {
      over.abort();
      await Promise.all(senders);
      return tally;
    },
  };
}

interface Size {
  readonly rss: number;
  readonly descriptors: number;
  readonly processes: number;
}

async function takeSize(gateway: Gateway): Promise<Size> {
  const response = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
  const text = await response.text();
  const rss = Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
  return {
    rss,
    descriptors: readdirSync(`/proc/${gateway.pid}/fd`).length,
    processes: childrenOf(gateway.pid),
  };
}

function childrenOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks)
    .map((task) => join(tasks, task, "children"))
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, "utf8").split(" "))
    .filter((child) => child.trim() !== "").length;
}

/** Instances that were replaced are closed soon after their last turn. */
async function settled(gateway: Gateway): Promise<void> {
  for (const until = Date.now() + 15_000; Date.now() < until && childrenOf(gateway.pid) > 4; await wait(100));
}
