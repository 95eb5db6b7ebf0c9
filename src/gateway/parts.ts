import { join } from "node:path";
import { WAITING_STATES } from "../core/entry.ts";
import type { ErrorCode } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { UNDO } from "../boot/stop-plan.ts";
import { createAvailability, type ProbedAvailability } from "../health/availability.ts";
import { watchLiveness, type Liveness } from "../health/liveness.ts";
import { createStoreHealth, type StoreHealth } from "../health/store-health.ts";
import { createPressure, type WatchedPressure } from "../inbox/pressure.ts";
import { createMachine } from "../platform/machine.ts";
import { createBlobs } from "../platform/blobs.ts";
import { systemClock } from "../platform/clock.ts";
import { createEvents } from "../platform/events.ts";
import { createMetrics, type LateMetrics } from "../platform/metrics.ts";
import { systemRandom } from "../platform/random.ts";
import type { Blobs } from "../ports/blobs.ts";
import { createCounts, type Counts } from "./counts.ts";
import type { ServeInput } from "./serve-input.ts";

/** What watches the gateway and what its stages share. */
export interface Parts {
  readonly metrics: LateMetrics;
  readonly events: ReturnType<typeof createEvents>;
  readonly blobs: Blobs;
  readonly availability: ProbedAvailability;
  readonly storeHealth: StoreHealth;
  readonly counts: Counts;
  readonly liveness: Liveness;
  readonly pressure: WatchedPressure;
}

/**
 * Opens them, each with its way back.
 *
 * @param end ends the gateway for this reason
 */
export async function openParts(input: ServeInput, end: (code: ErrorCode) => void): Promise<Parts> {
  const { platform, settled, opened, roll, boot } = input;
  const { log } = platform;
  const clock = systemClock;
  const random = systemRandom;
  const { probeDeadline } = settled.config.gateway.boot;
  const metrics = createMetrics();
  const events = createEvents({ limit: LIMITS.eventRing, clock, random });
  const health = { clock, metrics, log: log.child("health") };
  const availability = createAvailability({ ...health, roster: roll.registry, random, probeDeadline });
  boot.undo("probes", UNDO.step, () => availability.stop());
  const probe = (): Promise<number> => opened.store.probe();
  const storeHealth = createStoreHealth({
    ...health,
    log: log.child("store"),
    probe,
    fatal: end,
  });
  boot.undo("store health", UNDO.step, () => storeHealth.stop());
  const counts = await createCounts(opened.store, events, clock);
  boot.undo("counts", UNDO.step, () => counts.stop());
  const liveness = watchLiveness(health);
  boot.undo("liveness", UNDO.step, () => liveness.stop());
  const blobs = createBlobs(join(platform.stateDir, "attachments"));
  const pressure = createPressure({
    clock,
    log: log.child("inbox"),
    machine: createMachine(platform.stateDir),
    store: opened.store,
    waiting: () => WAITING_STATES.reduce((sum, state) => sum + counts.now()[state], 0),
    commit: () => storeHealth.latency(),
  });
  boot.undo("pressure", UNDO.step, () => pressure.stop());
  await pressure.start();
  return { metrics, events, blobs, availability, storeHealth, counts, liveness, pressure };
}
