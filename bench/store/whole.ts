import { converse, createClient } from "../client.ts";
import { treeMemory } from "../memory.ts";
import { COMMITS_OF_A_MESSAGE } from "../plan.ts";
import type { Endpoint, Program } from "../program.ts";
import { alternate, timed } from "../rounds.ts";
import type { Measure } from "../stats.ts";
import { startBareWalks, walkedMeasures, type BareWalks, type Walked } from "./bare-walks.ts";
import { readCounted } from "./counted.ts";
import { startAgent, type StoreBench } from "./sides.ts";

type Load = StoreBench["plan"]["whole"]["loads"][number];

/** How many messages go the whole way in a second: accepted, answered by echo, done. */
export async function measureWhole(bench: StoreBench): Promise<Measure[]> {
  const gateway = startAgent(bench, "whole", "echo");
  const bare = startBareWalks(bench, "whole");
  try {
    await gateway.event("gateway.ready");
    const endpoint = await gateway.endpoint();
    const measures: Measure[] = [];
    for (const load of bench.plan.whole.loads)
      measures.push(...(await measureLoad(bench, { gateway, endpoint, bare, load })));
    return measures;
  } finally {
    await Promise.all([bare.stop(), gateway.stop()]);
  }
}

interface Sides {
  readonly gateway: Program;
  readonly endpoint: Endpoint;
  readonly bare: BareWalks;
  readonly load: Load;
}

async function measureLoad(bench: StoreBench, sides: Sides): Promise<Measure[]> {
  const { conversations, messages } = sides.load;
  const { gateway, endpoint, bare } = sides;
  const client = createClient(endpoint, conversations);
  const total = conversations * messages;
  let commits = total * COMMITS_OF_A_MESSAGE;
  let memory = 0;
  const gatewaySide = async (): Promise<Walked> => {
    const before = await readCounted(endpoint);
    const { perSecond } = await timed(() => converse(client, conversations, messages));
    memory = Math.max(memory, treeMemory(gateway.pid).rss);
    commits = (await readCounted(endpoint)).commits - before.commits;
    return { grouped: perSecond, single: perSecond };
  };
  const idle = treeMemory(gateway.pid).rss;
  await gatewaySide();
  const of = { messages: total, steps: COMMITS_OF_A_MESSAGE };
  const beside = await alternate({ gateway: true }, bench.plan.whole.rounds, {
    gateway: gatewaySide,
    floor: () => bare.walk({ ...of, commits }),
  });
  client.close();
  const name = `${conversations} ${conversations === 1 ? "conversation" : "conversations"}`;
  bench.say(
    `whole messages, ${name}: ${(commits / total).toFixed(2)} commits a message; ` +
      `resident memory ${idle.toFixed(0)} MB before, at most ${memory.toFixed(0)} MB after a round`,
  );
  return walkedMeasures(`whole messages, ${name}`, beside);
}
