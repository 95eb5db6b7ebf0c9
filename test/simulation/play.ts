// Plays a range of seeds in this thread. As a worker it takes ranges from its parent until there are none.
import { parentPort } from "node:worker_threads";
import type { Log } from "../../src/ports/log.ts";
import { planOf, type Flavour } from "./plan.ts";
import { runPlan } from "./run.ts";
import { createReusedDisk } from "./reused-disk.ts";
import { addOutcome, emptyTally, type Tally } from "./tally.ts";

export interface Range {
  readonly from: number;
  readonly count: number;
  readonly flavour?: Flavour;
  /** Stops at the first run that fails. */
  readonly first?: boolean;
}

const nothing = (): void => {};
const quiet: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => quiet,
};

export async function play({ from, count, flavour, first = false }: Range): Promise<Tally> {
  const tally = emptyTally();
  const disk = createReusedDisk();
  for (let seed = from; seed < from + count; seed++) {
    const plan = planOf(seed, flavour);
    addOutcome(tally, plan, await runPlan(plan, quiet, disk.wipe()));
    if (first && tally.failures.length > 0) break;
  }
  return tally;
}

parentPort?.on("message", (range: Range) => {
  void play(range).then((tally) => parentPort?.postMessage(tally));
});
