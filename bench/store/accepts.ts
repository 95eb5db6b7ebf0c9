import path from "node:path";
import { confirmAll, createClient } from "../client.ts";
import { startBareDoor } from "../program.ts";
import { alternate, roundsOf, timed } from "../rounds.ts";
import { toMeasure, type Measure } from "../stats.ts";
import { startBareWalks, walkedMeasures, type Walked } from "./bare-walks.ts";
import { readCounted } from "./counted.ts";
import { CONVERSATIONS } from "./plan.ts";
import { startAgent, type StoreBench } from "./sides.ts";

/** How many messages are confirmed in a second, while the agent has other things to do. */
export async function measureAccepts(bench: StoreBench): Promise<Measure[]> {
  const { clients, messages, rounds } = bench.plan.accepts;
  const gateway = startAgent(bench, "accepts", "busy");
  const bare = startBareWalks(bench, "accepts");
  const door = startBareDoor(path.join(bench.dir, "door.db"), 0);
  try {
    await gateway.event("gateway.ready");
    const endpoint = await gateway.endpoint();
    const client = createClient(endpoint, clients);
    const doorClient = createClient(await door.endpoint(), clients);
    const load = { clients, conversations: CONVERSATIONS, messages };
    let commits = messages;
    const gatewaySide = async (): Promise<number> => {
      const before = await readCounted(endpoint);
      const { perSecond } = await timed(() => confirmAll(client, load));
      commits = (await readCounted(endpoint)).commits - before.commits;
      return perSecond;
    };
    // The first round makes every conversation busy, and tells how many commits so many messages take.
    await gatewaySide();
    const beside = await alternate<Walked>({ gateway: true }, rounds, {
      async gateway() {
        const perSecond = await gatewaySide();
        return { grouped: perSecond, single: perSecond };
      },
      floor: () => bare.walk({ messages, steps: 1, commits }),
    });
    const besideDoor = await alternate({ gateway: true }, rounds, {
      gateway: gatewaySide,
      floor: async () => (await timed(() => confirmAll(doorClient, load))).perSecond,
    });
    client.close();
    doorClient.close();
    bench.say(`accepts: ${(commits / messages).toFixed(2)} commits a message`);
    return [
      ...walkedMeasures("durable accepts", beside),
      toMeasure(
        "durable accepts, a bare door",
        "messages/s",
        roundsOf(besideDoor, (n) => n),
      ),
    ];
  } finally {
    await Promise.all([bare.stop(), door.stop(), gateway.kill()]);
  }
}
