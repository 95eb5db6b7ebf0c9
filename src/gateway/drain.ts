import { RollcallError } from "../core/errors.ts";
import { parseDuration, type Duration } from "../core/time.ts";
import type { StopPlan } from "../boot/stop-plan.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Dispatcher } from "../outbox/dispatcher.ts";
import type { Lanes } from "../sessions/lanes.ts";

/** Says how long the supervisor waits before it kills, e.g. `45s`. Units and manifests of ours set it. */
const STOP_WITHIN = "ROLLCALL_STOP_WITHIN";

/** How long the supervisor waits; null when nobody said. @throws RollcallError `config-invalid` */
export function stopWithin(env: NodeJS.ProcessEnv): Duration | null {
  const text = env[STOP_WITHIN];
  if (text === undefined || text === "") return null;
  const span = parseDuration(text);
  if (span !== undefined && span > 0) return span;
  throw new RollcallError("config-invalid", {
    at: STOP_WITHIN,
    detail: `${STOP_WITHIN}: expected a duration, such as 45s`,
    fix: `Mend or unset the variable ${STOP_WITHIN}.`,
  });
}

export interface DrainInput {
  readonly plan: StopPlan;
  readonly lanes: Pick<Lanes, "drain" | "running">;
  readonly outbox: Pick<Dispatcher, "drain">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Lets running turns end, and their replies go out. Bounded by the plan, whatever hangs. */
export async function drain({ plan, lanes, outbox, clock, log }: DrainInput): Promise<void> {
  log.info("gateway.draining", { running: lanes.running(), grace: plan.grace, total: plan.total });
  const over = new AbortController();
  const late = clock.sleep(plan.grace + plan.abandon, over.signal).then(() => "late" as const);
  const end = await Promise.race([lanes.drain(plan.grace), late]);
  over.abort();
  if (end === "late") {
    log.error(
      "turns.abandoned",
      { running: lanes.running() },
      "turns did not stop when they were told to; the next start takes them up",
    );
  }
  await outbox.drain(plan.flush);
}
