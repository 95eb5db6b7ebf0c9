// Plays a range of seeds in this thread. As a worker it takes ranges from its parent until there are none.
import { parentPort } from "node:worker_threads";
import { silentLog } from "../fakes/silent-log.ts";
import { planOf, type Flavour } from "./plan.ts";
import { runPlan } from "./run.ts";
import { addOutcome, emptyTally, type Tally } from "./tally.ts";

export interface Range {
  readonly from: number;
  readonly count: number;
  readonly flavour?: Flavour;
  /** Stops at the first run that fails. */
  readonly first?: boolean;
}

export async function play({ from, count, flavour, first = false }: Range): Promise<Tally> {
  const tally = emptyTally();
  for (let seed = from; seed < from + count; seed++) {
    const plan = planOf(seed, flavour);
    addOutcome(tally, plan, await runPlan(plan, silentLog));
    if (first && tally.failures.length > 0) break;
  }
  return tally;
}

parentPort?.on("message", (range: Range) => {
  void play(range).then((tally) => parentPort?.postMessage(tally));
});
