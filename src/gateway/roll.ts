import { join } from "node:path";
import type { Config } from "../core/config.ts";
import { RollcallError } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import { buildGeneration, rollOf, unregisteredLine } from "../registry/build.ts";
import { createRegistry, type Registry } from "../registry/registry.ts";
import { verifyGeneration } from "../registry/verify.ts";
import type { Plans } from "./plan.ts";
import type { Platform } from "./platform.ts";

export interface Roll {
  readonly registry: Registry;
  /** Ends every harness process. */
  close(grace: Duration): Promise<void>;
}

/**
 * The roll call: every declared harness answers, or the start ends here, before anything listens.
 *
 * @throws RollcallError `harness-unregistered`
 */
export function callRoll(platform: Platform, config: Config, plans: Plans): Roll {
  const log = platform.log.child("registry");
  const registered = [...plans.harnesses.keys()];
  for (const missing of plans.unregistered) {
    log.fatal(
      "registry.unregistered",
      { harness: missing.harness, agents: missing.agents, registered },
      unregisteredLine(missing, registered),
    );
  }
  const [first] = plans.unregistered;
  if (first !== undefined && config.gateway.boot.unregistered === "exit") {
    throw new RollcallError("harness-unregistered", {
      detail: unregisteredLine(first, registered),
      at: `harnesses.${first.harness}`,
    });
  }
  const generation = buildGeneration({
    number: 1,
    config,
    plans: plans.harnesses,
    accounts: plans.channels,
    open: (plan) =>
      plan.create({
        clock: systemClock,
        random: systemRandom,
        processes: platform.processes,
        env: platform.env,
        log: platform.log.child(plan.id),
        stateDir: join(platform.stateDir, "harnesses"),
      }),
  });
  const problems = verifyGeneration(config, generation).filter(
    (problem) => !plans.unregistered.some(({ harness }) => problem.includes(harness)),
  );
  if (problems.length > 0) throw new RollcallError("harness-unregistered", { detail: problems.join("; ") });
  log.info("registry.sealed", {
    generation: generation.number,
    harnesses: registered,
    roll: rollOf(generation),
  });
  return {
    registry: createRegistry(generation),
    close: async (grace) =>
      void (await Promise.all([...generation.harnesses.values()].map((harness) => harness.close(grace)))),
  };
}
