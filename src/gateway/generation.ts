import type { Config } from "../core/config.ts";
import { RollcallError } from "../core/errors.ts";
import type { Harness, HarnessPlan } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import type { Generation } from "../ports/roster.ts";
import { buildGeneration, unregisteredLine } from "../registry/build.ts";
import { verifyGeneration } from "../registry/verify.ts";
import type { Plans } from "./plan.ts";

export interface SealInput {
  readonly number: number;
  readonly config: Config;
  readonly plans: Plans;
  readonly open: (plan: HarnessPlan) => Harness;
  /** Told of every declared harness that nobody registered. */
  readonly missing: (line: string, fields: Parameters<Log["fatal"]>[1]) => void;
}

/**
 * Calls the roll and seals a generation, at a start and at a reload alike: every declared harness answers, or there is
 * none.
 *
 * @throws RollcallError `harness-unregistered`
 */
export function sealGeneration({ number, config, plans, open, missing }: SealInput): Generation {
  const registered = [...plans.harnesses.keys()];
  for (const one of plans.unregistered) {
    missing(unregisteredLine(one, registered), { harness: one.harness, agents: one.agents, registered });
  }
  const [first] = plans.unregistered;
  if (first !== undefined && config.gateway.boot.unregistered === "exit") {
    throw new RollcallError("harness-unregistered", {
      detail: unregisteredLine(first, registered),
      at: `harnesses.${first.harness}`,
    });
  }
  const generation = buildGeneration({
    number,
    config,
    plans: plans.harnesses,
    accounts: plans.channels,
    open,
  });
  const held = plans.unregistered.map(({ harness }) => harness);
  const problems = verifyGeneration(config, generation, held);
  if (problems.length > 0) throw new RollcallError("harness-unregistered", { detail: problems.join("; ") });
  return generation;
}
