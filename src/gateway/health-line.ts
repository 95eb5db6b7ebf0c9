import { SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { Status } from "../ports/status.ts";
import { healthLine, statusLine } from "./status.ts";

export interface HealthWatch {
  start(): void;
  stop(): void;
}

export interface HealthWatchInput {
  readonly status: Status;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
  /** Period of the line while nothing changes. */
  readonly every: () => Duration;
  /** Told with every line that says something new. */
  readonly changed?: (line: string) => void;
}

const LOOK_EVERY = 0.25 * SECOND;

/** Says how things stand: at every change within a quarter of a second, and from time to time while nothing changes. */
export function watchHealth({
  status,
  events,
  clock,
  log,
  every,
  changed: tell,
}: HealthWatchInput): HealthWatch {
  let said = "";
  let saidAt = -Infinity;
  let phase = "";
  let cancel = (): void => {};
  const look = (): void => {
    const report = status.report();
    const key = JSON.stringify([
      report.status,
      report.failing.map(({ id, code }) => [id, code]),
      report.degraded,
    ]);
    const changed = key !== said;
    if (changed || clock.monotonic() - saidAt >= every()) {
      log.info(
        "health",
        { status: report.status, failing: report.failing, degraded: report.degraded },
        healthLine(report),
      );
      saidAt = clock.monotonic();
    }
    if (changed) {
      events.publish({ type: "status" });
      tell?.(statusLine(report));
    }
    if (report.status !== phase && (report.status === "ready" || report.status === "holding")) {
      log.info(`gateway.${report.status}`, { failing: report.failing });
    }
    said = key;
    phase = report.status;
    cancel = clock.timer(LOOK_EVERY, look);
  };
  return { start: look, stop: () => cancel() };
}
