import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { converse, createClient } from "./client.ts";
import { treeMemory } from "./memory.ts";
import { COMMITS_OF_A_MESSAGE, type Plan } from "./plan.ts";
import { startFloor, startGateway, type Program } from "./program.ts";
import { toMeasure, type Measure, type Round } from "./stats.ts";

/** Where the two sides keep their files, and whether there is a gateway to measure. */
export interface Bench {
  readonly plan: Plan;
  readonly dir: string;
  readonly emptyDir: string;
  readonly gateway: boolean;
}

const gatewayOf = (bench: Bench): Program => startGateway(path.join(bench.dir, "state"), bench.emptyDir);
const floorOf = (bench: Bench): Program => startFloor(path.join(bench.dir, "floor.db"), COMMITS_OF_A_MESSAGE);

/** Runs the two sides of a round, the first one alternating, so that a drift of the machine hits both. */
async function alternate<T>(
  bench: Bench,
  rounds: number,
  sides: { gateway: () => Promise<T>; floor: () => Promise<T> },
): Promise<{ gateway: T | null; floor: T }[]> {
  const done: { gateway: T | null; floor: T }[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = bench.gateway && round % 2 === 0 ? await sides.gateway() : null;
    const floor = await sides.floor();
    done.push({ gateway: before ?? (bench.gateway ? await sides.gateway() : null), floor });
  }
  return done;
}

interface Started {
  readonly listening: number;
  readonly ready: number;
  readonly answered: number;
}

/** From the spawn to listening, to ready, and to the first answer. The first start of each side only warms its caches. */
export async function measureStart(bench: Bench): Promise<Measure[]> {
  const sides = {
    gateway: () => startOnce(gatewayOf(bench), "gateway.ready"),
    floor: () => startOnce(floorOf(bench), "gateway.listening"),
  };
  const [, ...rounds] = await alternate(bench, bench.plan.starts + 1, sides);
  const pick = (key: keyof Started): Round[] =>
    rounds.map(({ gateway, floor }) => ({
      gateway: gateway === null ? null : [gateway[key]],
      floor: [floor[key]],
    }));
  return [
    toMeasure("start to listening", "ms", pick("listening")),
    toMeasure("start to ready", "ms", pick("ready")),
    toMeasure("start to first answer", "ms", pick("answered")),
  ];
}

async function startOnce(program: Program, readyEvent: string): Promise<Started> {
  try {
    const listening = await program.event("gateway.listening");
    const client = createClient(await program.endpoint(), 1);
    await client.ask("bench-first", "first");
    const answered = program.elapsed();
    client.close();
    return { listening, ready: await program.event(readyEvent), answered };
  } finally {
    await program.stop();
  }
}

/** Memory of the whole tree, a while after ready, with nothing to do. */
export async function measureIdle(bench: Bench): Promise<Measure[]> {
  const idle = async (program: Program, readyEvent: string): Promise<{ rss: number; pss: number }> => {
    try {
      await program.event(readyEvent);
      await wait(bench.plan.idleAfter);
      return treeMemory(program.pid);
    } finally {
      await program.stop();
    }
  };
  const rounds = await alternate(bench, bench.plan.idleRounds, {
    gateway: () => idle(gatewayOf(bench), "gateway.ready"),
    floor: () => idle(floorOf(bench), "gateway.listening"),
  });
  const pick = (key: "rss" | "pss"): Round[] =>
    rounds.map(({ gateway, floor }) => ({
      gateway: gateway === null ? null : [gateway[key]],
      floor: [floor[key]],
    }));
  return [
    toMeasure("idle memory, proportional", "MB", pick("pss")),
    toMeasure("idle memory, resident", "MB", pick("rss")),
  ];
}

/**
 * From a message's request to its answer, and how many are answered in a second, at each load. Echo takes no time, so
 * all of it is added by the gateway.
 */
export async function measureLatency(bench: Bench): Promise<Measure[]> {
  const gateway = bench.gateway ? gatewayOf(bench) : undefined;
  const floor = bareStore(path.join(bench.dir, "floor.db"));
  try {
    if (gateway !== undefined) await gateway.event("gateway.ready");
    const endpoint = await gateway?.endpoint();
    const measures: Measure[] = [];
    for (const load of bench.plan.loads) {
      const client = endpoint && createClient(endpoint, load.conversations);
      const sides = {
        gateway: () =>
          timed(async () =>
            client === undefined ? [] : converse(client, load.conversations, load.messages),
          ),
        floor: () => timed(() => floor.measure(load.conversations, load.messages)),
      };
      // The first round warms connections and code.
      const [, ...rounds] = await alternate(bench, bench.plan.latencyRounds + 1, sides);
      client?.close();
      measures.push(...loadMeasures(load.conversations, rounds));
    }
    return measures;
  } finally {
    await floor.stop();
    await gateway?.stop();
  }
}

interface Timed {
  readonly taken: readonly number[];
  readonly perSecond: number;
}

async function timed(run: () => Promise<readonly number[]>): Promise<Timed> {
  const from = performance.now();
  const taken = await run();
  return { taken, perSecond: (taken.length * 1000) / (performance.now() - from) };
}

function loadMeasures(
  conversations: number,
  rounds: readonly { gateway: Timed | null; floor: Timed }[],
): Measure[] {
  const name = `${conversations} ${conversations === 1 ? "conversation" : "conversations"}`;
  const latency = rounds.map((r) => ({ gateway: r.gateway?.taken ?? null, floor: r.floor.taken }));
  const rate = rounds.map((r) => ({
    gateway: r.gateway === null ? null : [r.gateway.perSecond],
    floor: [r.floor.perSecond],
  }));
  return [
    toMeasure(`message to answer, ${name}`, "ms", latency),
    toMeasure(`answered, ${name}`, "messages/s", rate),
  ];
}

interface BareStore {
  measure(conversations: number, messages: number): Promise<number[]>;
  stop(): Promise<void>;
}

/** The same number of commits per message on the same disk, by a loop around `node:sqlite`. */
function bareStore(file: string): BareStore {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "floor.js"), "commits", file], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async measure(conversations, messages) {
      child.stdin.write(`${JSON.stringify({ conversations, messages, commits: COMMITS_OF_A_MESSAGE })}\n`);
      const line = await lines.next();
      return JSON.parse(String(line.value)) as number[];
    },
    async stop() {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.stdin.end();
      await ended;
    },
  };
}
