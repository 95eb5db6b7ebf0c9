import { UNDO } from "../boot/stop-plan.ts";
import { createAccounting } from "../health/accounting.ts";
import { createCanary } from "../health/canary.ts";
import { createIntegrityWatch } from "../health/integrity.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { AccountingState } from "../ports/accounting.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { Status } from "../ports/status.ts";
import { exposeGauges } from "./gauges.ts";
import type { Parts } from "./parts.ts";
import type { Pipeline } from "./pipeline.ts";
import type { ServeInput } from "./serve-input.ts";

/** What the gateway proves about itself while it runs. */
export interface SelfChecks {
  /** How the last recount of all messages came out; null before the first. */
  accounting(): AccountingState | null;
  start(): void;
}

export interface SelfChecksNeeds {
  readonly parts: Parts;
  readonly status: Status;
  readonly pipeline: Pick<Pipeline, "intake" | "operate">;
  readonly alerts: Pick<Alerts, "raise" | "resolve">;
}

/** Puts the accounting, the canaries and the gauges together. Nothing runs yet. */
export function openSelfChecks(
  { platform, opened, roll, stage, boot }: ServeInput,
  { parts, status, pipeline, alerts }: SelfChecksNeeds,
): SelfChecks {
  const { store } = opened;
  const { metrics, availability } = parts;
  const clock = systemClock;
  const accounting = createAccounting({ store, clock, alerts, log: platform.log.child("accounting") });
  boot.undo("accounting", UNDO.step, () => accounting.stop());
  const integrity = createIntegrityWatch({
    store,
    clock,
    metrics,
    alerts,
    log: platform.log.child("integrity"),
  });
  boot.undo("integrity", UNDO.step, () => integrity.stop());
  const canary = createCanary({
    ...pipeline,
    store,
    alerts,
    metrics,
    availability,
    clock,
    roster: roll.registry,
    random: systemRandom,
    log: platform.log.child("canary"),
    open: () => stage.started && !stage.draining,
  });
  boot.undo("canaries", UNDO.step, () => canary.stop());
  store.onCommit((took) => metrics.observe("store_commit_seconds", took / 1000));
  exposeGauges({ metrics, status, store, clock, accounting: () => accounting.last() });
  return {
    accounting: () => accounting.last(),
    start() {
      accounting.start();
      integrity.start();
      canary.start();
    },
  };
}
