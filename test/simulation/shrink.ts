// Cuts a failing plan down to what it needs to fail.
import type { Plan } from "./plan.ts";
import { runPlan } from "./run.ts";
import { silentLog } from "../fakes/silent-log.ts";

/** Runs that the search may take. */
const MOST_RUNS = 400;

/** Leaves out faults and messages, in ever smaller pieces, as long as the same promise is still broken. */
export async function shrink(plan: Plan, invariant: string): Promise<Plan> {
  let left = MOST_RUNS;
  const stillFails = async (candidate: Plan): Promise<boolean> => {
    left -= 1;
    const { violations } = await runPlan(candidate, silentLog);
    return violations.some((violation) => violation.invariant === invariant);
  };
  let best = plan;
  for (const part of ["faults", "said"] as const) {
    for (
      let size = Math.ceil(best[part].length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let at = 0; at < best[part].length;) {
        const candidate = { ...best, [part]: best[part].toSpliced(at, size) };
        if (left > 0 && candidate.said.length > 0 && (await stillFails(candidate))) best = candidate;
        else at += size;
      }
    }
  }
  return best;
}
