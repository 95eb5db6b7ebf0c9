import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { confirmAll, createClient } from "../client.ts";
import { COMMITS_OF_A_MESSAGE } from "../plan.ts";
import { BenchFailed, startBareRecovery, type Endpoint, type Program } from "../program.ts";
import { alternate, roundsOf } from "../rounds.ts";
import { startAsked } from "../asked.ts";
import { toMeasure, type Measure } from "../stats.ts";
import { readCounted } from "./counted.ts";
import { startAgent, type StoreBench } from "./sides.ts";

interface Recovered {
  readonly intake: number;
  readonly first: number;
  readonly last: number;
}

/** From a start after `kill -9` until messages are taken, and until those that waited are answered. */
export async function measureRecovery(bench: StoreBench): Promise<Measure[]> {
  const { messages, rounds } = bench.plan.recovery;
  let commits = messages * (COMMITS_OF_A_MESSAGE - 1);
  let round = 0;
  const done = await alternate({ gateway: true }, rounds, {
    async gateway() {
      const state = `recovery-${round++}`;
      await leaveWaiting(bench, state);
      const program = startAgent(bench, state, "echo");
      try {
        const intake = await program.event("gateway.listening");
        const first = await program.event("message.done");
        const last = await program.event("message.done", messages);
        ({ commits } = await readCounted(await program.endpoint()));
        return { intake, first, last };
      } finally {
        await program.stop();
      }
    },
    floor: () => recoverBare(bench, { file: `recovery-${round++}.db`, messages, commits }),
  });
  bench.say(`recovery: ${(commits / messages).toFixed(2)} commits a message`);
  return [
    toMeasure(
      `${messages} waiting, start to intake`,
      "ms",
      roundsOf(done, (side) => side.intake),
    ),
    toMeasure(
      `${messages} waiting, start to first answer`,
      "ms",
      roundsOf(done, (side) => side.first),
    ),
    toMeasure(
      `${messages} waiting, start to last answer`,
      "ms",
      roundsOf(done, (side) => side.last),
    ),
  ];
}

/** A gateway that is killed while all of them wait: the first of each conversation is at work, the others queue. */
async function leaveWaiting(bench: StoreBench, state: string): Promise<void> {
  const { messages, conversations } = bench.plan.recovery;
  const program = startAgent(bench, state, "busy");
  try {
    await program.event("gateway.ready");
    const endpoint = await program.endpoint();
    const client = createClient(endpoint, 64);
    await confirmAll(client, { clients: 64, conversations, messages });
    client.close();
    await expectWaiting(endpoint, program, messages);
  } finally {
    await program.kill();
  }
}

async function expectWaiting(endpoint: Endpoint, program: Program, messages: number): Promise<void> {
  // What is claimed last is claimed after its confirmation.
  await wait(200);
  const { waiting } = await readCounted(endpoint);
  if (waiting !== messages) throw new BenchFailed(`${waiting} wait instead of ${messages} (${program.pid})`);
}

async function recoverBare(
  bench: StoreBench,
  of: { readonly file: string; readonly messages: number; readonly commits: number },
): Promise<Recovered> {
  const file = path.join(bench.dir, of.file);
  await startAsked("bare-store.js", ["fill", file, String(of.messages)]).stop();
  const program = startBareRecovery(file, { ...of, steps: COMMITS_OF_A_MESSAGE - 1 });
  try {
    const intake = await program.event("gateway.listening");
    return { intake, first: await program.event("first"), last: await program.event("last") };
  } finally {
    await program.stop();
  }
}
