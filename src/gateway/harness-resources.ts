import { join } from "node:path";
import { SECOND, type Duration } from "../core/time.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { Harness, HarnessDeps, HarnessPlan } from "../ports/harness.ts";
import type { Generation } from "../ports/roster.ts";
import type { Platform } from "./platform.ts";

/** Harnesses that are opened for one generation, before it is known whether that will serve. */
export interface Opening {
  /** The instance that runs with the same effective configuration, or a new one. */
  open(plan: HarnessPlan): Harness;
  /** The generation was refused: ends what was opened for it alone. */
  drop(): Promise<void>;
}

/**
 * Harness instances with their warm processes. An instance belongs to its effective configuration, not to a
 * generation: it runs on across reloads that don't change it. One that was replaced serves the turns that began with
 * it, and is closed when the last generation that names it is over.
 */
export interface HarnessResources {
  begin(): Opening;
  /** The generation is about to serve. Instances that it doesn't name keep nothing warm any more. */
  published(generation: Generation): void;
  /** No turn works with the generation any more. */
  retired(generation: Generation): void;
  close(grace: Duration): Promise<void>;
}

/** What an instance that was replaced may take to end its last processes. */
const CLOSE_GRACE = 5 * SECOND;

export function createHarnessResources(depsOf: (plan: HarnessPlan) => HarnessDeps): HarnessResources {
  const keys = new Map<Harness, string>();
  const inUse = new Set<Generation>();
  /** Resolves, by harness id, when the last instance's idle processes are gone. */
  const handover = new Map<string, Promise<void>>();
  let serving: ReadonlyMap<string, Harness> = new Map();
  const closing = new Set<Promise<void>>();

  const close = (harness: Harness, grace: Duration): Promise<void> => {
    keys.delete(harness);
    const closed = harness.close(grace).finally(() => closing.delete(closed));
    closing.add(closed);
    return closed;
  };
  return {
    begin() {
      const fresh: Harness[] = [];
      return {
        open(plan) {
          const key = JSON.stringify([plan.kind, plan.effectiveConfig]);
          const running = serving.get(plan.id);
          if (running !== undefined && keys.get(running) === key) return running;
          const harness: Harness = opensAfter(plan.create(depsOf(plan)), () =>
            serving.get(plan.id) === harness ? handover.get(plan.id) : undefined,
          );
          keys.set(harness, key);
          fresh.push(harness);
          return harness;
        },
        drop: async () => void (await Promise.all(fresh.map((harness) => close(harness, 0)))),
      };
    },
    published(generation) {
      const { harnesses } = generation;
      inUse.add(generation);
      for (const [id, before] of serving) {
        if (harnesses.get(id) === before || before.retire === undefined) continue;
        const gone = before.retire().finally(() => {
          if (handover.get(id) === gone) handover.delete(id);
        });
        handover.set(id, gone);
      }
      serving = harnesses;
    },
    retired(generation) {
      inUse.delete(generation);
      const named = new Set([...inUse].flatMap(({ harnesses }) => [...harnesses.values()]));
      for (const harness of generation.harnesses.values())
        if (!named.has(harness) && keys.has(harness)) void close(harness, CLOSE_GRACE);
    },
    async close(grace) {
      await Promise.all([...[...keys.keys()].map((harness) => close(harness, grace)), ...closing]);
    },
  };
}

/** A session's process in the last instance ends before another one is started for it. */
function opensAfter(harness: Harness, gone: () => Promise<void> | undefined): Harness {
  return {
    ...harness,
    async open(spec, signal) {
      await gone();
      return harness.open(spec, signal);
    },
  };
}

/** The instances of a gateway, made with its machine. */
export function openHarnessResources(platform: Platform): HarnessResources {
  return createHarnessResources((plan) => ({
    clock: systemClock,
    random: systemRandom,
    processes: platform.processes,
    env: platform.env,
    log: platform.log.child(plan.id),
    stateDir: join(platform.stateDir, "harnesses"),
  }));
}
