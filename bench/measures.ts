import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startAsked } from "./asked.ts";
import { converse, createClient } from "./client.ts";
import { treeMemory } from "./memory.ts";
import { COMMITS_OF_A_MESSAGE } from "./plan.ts";
import { startFloor, startGateway, type Program } from "./program.ts";
import { alternate, roundsOf, timed, type Bench, type Timed } from "./rounds.ts";
import { toMeasure, type Measure } from "./stats.ts";

const gatewayOf = (bench: Bench): Program => startGateway(path.join(bench.dir, "state"), bench.emptyDir);
const floorOf = (bench: Bench): Program => startFloor(path.join(bench.dir, "floor.db"), COMMITS_OF_A_MESSAGE);

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
  return [
    toMeasure(
      "start to listening",
      "ms",
      roundsOf(rounds, (side) => side.listening),
    ),
    toMeasure(
      "start to ready",
      "ms",
      roundsOf(rounds, (side) => side.ready),
    ),
    toMeasure(
      "start to first answer",
      "ms",
      roundsOf(rounds, (side) => side.answered),
    ),
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
  return [
    toMeasure(
      "idle memory, proportional",
      "MB",
      roundsOf(rounds, (side) => side.pss),
    ),
    toMeasure(
      "idle memory, resident",
      "MB",
      roundsOf(rounds, (side) => side.rss),
    ),
  ];
}

/**
 * From a message's request to its answer, and how many are answered in a second, at each load. Echo takes no time, so
 * all of it is added by the gateway.
 */
export async function measureLatency(bench: Bench): Promise<Measure[]> {
  const gateway = bench.gateway ? gatewayOf(bench) : undefined;
  const floor = startAsked("floor.js", ["commits", path.join(bench.dir, "floor.db")]);
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
        floor: () => timed(() => floor.ask<number[]>({ ...load, commits: COMMITS_OF_A_MESSAGE })),
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

function loadMeasures(
  conversations: number,
  rounds: readonly { gateway: Timed | null; floor: Timed }[],
): Measure[] {
  const name = `${conversations} ${conversations === 1 ? "conversation" : "conversations"}`;
  return [
    toMeasure(
      `message to answer, ${name}`,
      "ms",
      roundsOf(rounds, (side) => side.taken),
    ),
    toMeasure(
      `answered, ${name}`,
      "messages/s",
      roundsOf(rounds, (side) => side.perSecond),
    ),
  ];
}
