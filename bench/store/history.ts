import { mkdirSync } from "node:fs";
import path from "node:path";
import { converse, createClient, offer, type Client } from "../client.ts";
import { startBareDoor, type Program } from "../program.ts";
import { alternate, roundsOf, timed } from "../rounds.ts";
import { quantile, toMeasure, type Measure } from "../stats.ts";
import { readSpent } from "./counted.ts";
import { fillStore } from "./fill.ts";
import { CONVERSATIONS } from "./plan.ts";
import { startAgent, type StoreBench } from "./sides.ts";

const EMPTY = "empty";
const FULL = "full";

/** What accepts wait and cost at a steady pace. */
interface Offered {
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the program for each message, in microseconds. */
  readonly cpu: number;
  /** Handed to the system to write, for each message, in KB. */
  readonly written: number;
}

export interface HistoryMeasures {
  /** Beside a bare store that answers over HTTP, both empty. */
  readonly beside: readonly Measure[];
  /** With a history, beside the same without one. */
  readonly grown: readonly Measure[];
}

/** Accepts at a steady pace, starts and whole messages: of an empty store, and of one with a long history. */
export async function measureHistory(bench: StoreBench): Promise<HistoryMeasures> {
  const { messages, conversations } = bench.plan.history;
  const dir = path.join(bench.dir, FULL);
  mkdirSync(dir, { mode: 0o700 });
  const begun = performance.now();
  await fillStore(dir, { messages, conversations });
  bench.say(
    `a history of ${messages} messages was made in ${Math.round((performance.now() - begun) / 1000)} s`,
  );
  const starts = await compareStarts(bench);
  const whole = await compareWhole(bench);
  const { beside, grown } = await compareOffered(bench);
  return { beside, grown: [...starts, ...whole, ...grown] };
}

async function compareStarts(bench: StoreBench): Promise<Measure[]> {
  const start = async (state: string): Promise<{ listening: number; ready: number }> => {
    const program = startAgent(bench, state, "echo");
    try {
      return {
        listening: await program.event("gateway.listening"),
        ready: await program.event("gateway.ready"),
      };
    } finally {
      await program.stop();
    }
  };
  // The first of each fills caches and, of the empty one, makes the store.
  const [, ...rounds] = await alternate({ gateway: true }, bench.plan.history.starts + 1, {
    gateway: () => start(FULL),
    floor: () => start(EMPTY),
  });
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
  ];
}

/** Both run at once, and have their loads in turn. */
async function withBoth<T>(
  start: (state: string) => Program,
  ready: string,
  connections: number,
  run: (sides: Record<"full" | "empty", { program: Program; client: Client }>) => Promise<T>,
): Promise<T> {
  const [full, empty] = [start(FULL), start(EMPTY)];
  try {
    const side = async (program: Program) => {
      await program.event(ready);
      return { program, client: createClient(await program.endpoint(), connections) };
    };
    const sides = { full: await side(full), empty: await side(empty) };
    const result = await run(sides);
    sides.full.client.close();
    sides.empty.client.close();
    return result;
  } finally {
    await Promise.all([full.kill(), empty.kill()]);
  }
}

const WHOLE = { conversations: 64, messages: 20 } as const;

async function compareWhole(bench: StoreBench): Promise<Measure[]> {
  const start = (state: string): Program => startAgent(bench, state, "echo");
  const [, ...rounds] = await withBoth(start, "gateway.ready", WHOLE.conversations, ({ full, empty }) => {
    const side = (client: Client) => async () =>
      (await timed(() => converse(client, WHOLE.conversations, WHOLE.messages))).perSecond;
    return alternate({ gateway: true }, bench.plan.history.rounds + 1, {
      gateway: side(full.client),
      floor: side(empty.client),
    });
  });
  return [
    toMeasure(
      `whole messages, ${WHOLE.conversations} conversations`,
      "messages/s",
      roundsOf(rounds, (n) => n),
    ),
  ];
}

async function compareOffered(bench: StoreBench): Promise<HistoryMeasures> {
  const { offered, history } = bench.plan;
  const load = { ...offered, conversations: CONVERSATIONS };
  const measure =
    ({ program, client }: { program: Program; client: Client }) =>
    async (): Promise<Offered> => {
      const before = readSpent(program.pid);
      const taken = await offer(client, load);
      const after = readSpent(program.pid);
      return {
        p50: quantile(taken, 0.5),
        p99: quantile(taken, 0.99),
        cpu: ((after.cpu - before.cpu) * 1000) / load.messages,
        written: (after.written - before.written) / load.messages,
      };
    };
  const bare = (state: string): Program =>
    startBareDoor(path.join(bench.dir, `bare-${state}.db`), state === FULL ? history.messages : 0);
  const gateway = (state: string): Program => startAgent(bench, state, "busy");
  return withBoth(bare, "gateway.listening", CONNECTIONS, (doors) =>
    withBoth(gateway, "gateway.ready", CONNECTIONS, async (gateways) => {
      const rounds = offered.rounds + 1;
      const [, ...grown] = await alternate({ gateway: true }, rounds, {
        gateway: measure(gateways.full),
        floor: measure(gateways.empty),
      });
      const [, ...bareGrown] = await alternate({ gateway: true }, rounds, {
        gateway: measure(doors.full),
        floor: measure(doors.empty),
      });
      const [, ...beside] = await alternate({ gateway: true }, rounds, {
        gateway: measure(gateways.empty),
        floor: measure(doors.empty),
      });
      return {
        beside: offeredMeasures(`accept at ${load.perSecond}/s`, beside),
        grown: [
          ...offeredMeasures(`accept at ${load.perSecond}/s`, grown),
          ...offeredMeasures(`bare store at ${load.perSecond}/s`, bareGrown),
        ],
      };
    }),
  );
}

const CONNECTIONS = 64;

function offeredMeasures(
  name: string,
  rounds: readonly { readonly gateway: Offered | null; readonly floor: Offered }[],
): Measure[] {
  return [
    toMeasure(
      `${name}, p50`,
      "ms",
      roundsOf(rounds, (side) => side.p50),
    ),
    toMeasure(
      `${name}, p99`,
      "ms",
      roundsOf(rounds, (side) => side.p99),
    ),
    toMeasure(
      `${name}, processor`,
      "µs",
      roundsOf(rounds, (side) => side.cpu),
    ),
    toMeasure(
      `${name}, written`,
      "KB",
      roundsOf(rounds, (side) => side.written),
    ),
  ];
}
