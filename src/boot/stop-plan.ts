import { SECOND, type Duration } from "../core/time.ts";

/**
 * What a stop does after the grace of the running turns, and how long each part may take at most. Usually all of it
 * together takes a tenth of a second; these are bounds for parts that hang.
 */
export const STOP_BUDGET = {
  /** For turns that were told to stop at the end of the grace; what doesn't is left to the next start. */
  abandon: 3 * SECOND,
  /** For replies that are on their way out. */
  flush: 3 * SECOND,
  /** For closing everything: channels, HTTP, harness processes, the store. */
  teardown: 15 * SECOND,
  /** For the last words to the supervisor and the end of the process. */
  exit: SECOND,
} as const satisfies Record<string, Duration>;

/** What closing each part may take, within `STOP_BUDGET.teardown`. */
export const UNDO = {
  store: 4 * SECOND,
  harnesses: 5 * SECOND,
  channels: 3 * SECOND,
  http: 2 * SECOND,
  /** Parts that only let go of timers. */
  step: 0.1 * SECOND,
} as const satisfies Record<string, Duration>;

/** What a part that has a deadline of its own leaves of its bound: ending a process tree takes up to 2 s beyond it. */
export const CLOSE_MARGIN: Duration = 3 * SECOND;

/** The parts of one stop. Their sum is `total`. */
export type StopPlan = Readonly<Record<keyof typeof STOP_BUDGET | "grace" | "total", Duration>>;

/** What a stop may take beyond the grace. */
export const STOP_REST: Duration = Object.values(STOP_BUDGET).reduce((sum, span) => sum + span, 0);

/**
 * Fits a stop into what the supervisor gives it before it kills: the grace is cut first, the bounds of the rest only
 * when even they don't fit. Pure.
 *
 * @param grace as configured
 * @param within what the supervisor gives; null when it waits as long as it takes
 */
export function planStop(grace: Duration, within: Duration | null): StopPlan {
  const { abandon, flush, teardown, exit } = STOP_BUDGET;
  if (within === null || within >= grace + STOP_REST)
    return { grace, ...STOP_BUDGET, total: grace + STOP_REST };
  const fits = Math.min(1, within / STOP_REST);
  const rest = {
    abandon: abandon * fits,
    flush: flush * fits,
    teardown: teardown * fits,
    exit: exit * fits,
  };
  return { grace: Math.max(0, within - STOP_REST), ...rest, total: within };
}
