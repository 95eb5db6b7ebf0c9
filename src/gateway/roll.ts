import type { Config } from "../core/config.ts";
import type { Duration } from "../core/time.ts";
import { rollOf } from "../registry/build.ts";
import { createRegistry, type Registry } from "../registry/registry.ts";
import { sealGeneration } from "./generation.ts";
import { openHarnessResources, type HarnessResources } from "./harness-resources.ts";
import type { Plans } from "./plan.ts";
import type { Platform } from "./platform.ts";

export interface Roll {
  readonly registry: Registry;
  /** The harness instances of every generation that somebody still works with. */
  readonly harnesses: HarnessResources;
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
  const harnesses = openHarnessResources(platform);
  const opening = harnesses.begin();
  const generation = sealGeneration({
    number: 1,
    config,
    plans,
    open: (plan) => opening.open(plan),
    missing: (line, fields) => log.fatal("registry.unregistered", fields, line),
  });
  harnesses.published(generation);
  const registry = createRegistry(generation);
  registry.onRetired((retired) => harnesses.retired(retired));
  log.info("registry.sealed", {
    generation: generation.number,
    harnesses: [...generation.harnesses.keys()],
    roll: rollOf(generation),
  });
  return { registry, harnesses, close: (grace) => harnesses.close(grace) };
}
