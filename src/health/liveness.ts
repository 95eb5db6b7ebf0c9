import { SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";

/** Whether this process can work: the event loop turns. Never about harnesses or channels. */
export interface Liveness {
  alive(): boolean;
  stop(): void;
}

const LOOK_EVERY = 0.5 * SECOND;
/** A loop that stood still this long is no longer trusted. What was due in the meantime may hide one look. */
const STALL = 5 * SECOND - LOOK_EVERY;
/** For how long a stall is shown, so that a monitor that looks seldom sees it. */
const SHOWN_FOR = 30 * SECOND;

export function watchLiveness(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): Liveness {
  let last = deps.clock.monotonic();
  let stalledAt: Duration | null = null;
  const look = (): void => {
    const now = deps.clock.monotonic();
    const lag = Math.max(0, now - last - LOOK_EVERY);
    deps.metrics.gauge("event_loop_lag_seconds", lag / 1000);
    if (lag >= STALL) {
      stalledAt = now;
      deps.log.error("loop.stalled", { ms: Math.round(lag) });
    }
    last = now;
    cancel();
    cancel = deps.clock.timer(LOOK_EVERY, look);
  };
  let cancel = deps.clock.timer(LOOK_EVERY, look);
  return {
    alive() {
      // After a stall a request may be answered before the timer that was due: it must not be told that all is well.
      if (deps.clock.monotonic() - last - LOOK_EVERY >= STALL) look();
      return stalledAt === null || deps.clock.monotonic() - stalledAt >= SHOWN_FOR;
    },
    stop: () => cancel(),
  };
}
