import { SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Status, StatusReport } from "../ports/status.ts";
import { healthLine, statusLine } from "./status.ts";

export interface HealthWatch {
  start(): void;
  stop(): void;
}

export interface HealthWatchInput {
  readonly status: Status;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
  /** Period of the line while nothing changes. */
  readonly every: Duration;
  /** Told with every line that says something new. */
  readonly changed?: (line: string) => void;
}

const LOOK_EVERY = 0.25 * SECOND;

/** Says how things stand: at every change within a quarter of a second, and from time to time while nothing changes. */
export function watchHealth({
  status,
  metrics,
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
    if (changed || clock.monotonic() - saidAt >= every) {
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
  metrics.onScrape(async () => fillGauges(metrics, status.report()));
  return { start: look, stop: () => cancel() };
}

function fillGauges(metrics: Metrics, report: StatusReport): void {
  metrics.gauge("ready", report.status === "ready" ? 1 : 0);
  metrics.gauge("registry_generation", report.generation);
  for (const { id, servable, candidates } of report.agents) {
    metrics.gauge("agent_servable", servable ? 1 : 0, { agent: id });
    for (const { candidate, available, level } of candidates) {
      const { harness, model } = candidate;
      metrics.gauge("candidate_available", available ? 1 : 0, {
        agent: id,
        harness,
        model,
        level: level ?? "none",
      });
    }
  }
  for (const { id } of report.harnesses) metrics.gauge("harness_registered", 1, { harness: id });
}
