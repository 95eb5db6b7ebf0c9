/**
 * The look at the whole store, again and again, in slices that nobody notices; and the word about whatever is found, by
 * it or by use. What is found has happened: the incident stays until somebody has seen it.
 *
 * Keeps: I15.
 */
import { messageOf, type ErrorCode } from "../core/errors.ts";
import { MILLISECOND, MINUTE, SECOND, type Duration } from "../core/time.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Damage, IntegrityStore, ScanPass } from "../ports/integrity.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import { createSlices, type SliceEnd } from "./slices.ts";

export interface IntegrityWatch {
  /** Null until the first look at everything came to its end. */
  last(): ScanPass | null;
  start(): void;
  stop(): void;
}

export interface IntegrityDeps {
  readonly store: Pick<IntegrityStore, "scan" | "onDamage">;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "count" | "gauge">;
  readonly alerts: Pick<Alerts, "raise">;
  readonly pace?: ScanPace;
}

/** How fast everything is looked at. */
export interface ScanPace {
  /** Rows of one slice. */
  readonly rows: number;
  /** Between slices everybody else has their turn. */
  readonly pause: Duration;
  /** Between two looks at everything. */
  readonly rest: Duration;
}

/**
 * 500 rows a second, about a hundredth of a core: a million messages with all that belongs to them, five million rows,
 * take less than three hours.
 */
export const SCAN_PACE: ScanPace = { rows: 50, pause: 100 * MILLISECOND, rest: 10 * MINUTE };
/** After a look that failed. */
const AFTER_FAULT: Duration = 5 * SECOND;

export function createIntegrityWatch(deps: IntegrityDeps): IntegrityWatch {
  const { store, clock, log, metrics } = deps;
  const pace = deps.pace ?? SCAN_PACE;
  let last: ScanPass | null = null;
  let seen = 0;

  const tell = (damage: Damage): void => {
    seen += 1;
    const { part, id, detail, setAside } = damage;
    const summary = summaryOf(damage, seen);
    log.error("store.damage", { part, id, detail, setAside }, summary);
    metrics.count("store_damages_total", { part });
    const code: ErrorCode = part === "index" || part === "digest" ? "store-index" : "store-corrupt";
    deps.alerts.raise({ code, subject: "store/content", severity: "critical", lasting: false, summary });
  };
  const look = async (begun: Duration): Promise<SliceEnd> => {
    const pass = await store.scan(pace.rows);
    if (pass === null || slices.stopped) return { pause: pace.pause, afresh: false };
    last = { ...pass, at: clock.now(), took: clock.monotonic() - begun };
    log.info("store.scanned", { rows: pass.rows, damages: pass.damages, ms: Math.round(last.took) });
    metrics.gauge("store_scan_seconds", last.took / 1000);
    return { pause: pace.rest, afresh: true };
  };
  const failed = (error: unknown): SliceEnd => {
    log.warn("store.scan_failed", { error: messageOf(error) });
    return { pause: AFTER_FAULT, afresh: false };
  };
  const slices = createSlices({ clock, slice: look, failed });
  // What the opening found is told before the first look.
  store.onDamage(tell);
  return {
    last: () => last,
    start: () => slices.start(),
    stop: () => slices.stop(),
  };
}

function summaryOf({ part, id, detail, setAside }: Damage, seen: number): string {
  const others = seen > 1 ? ` So far in this run: ${seen}.` : "";
  const then = setAside ? " It is set aside: it will neither run nor be sent." : "";
  return `The store is damaged: ${part} ${id}: ${detail}.${then}${others}`;
}
