import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../ports/clock.ts";

/** Node fires longer timeouts at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(span, signal) {
    if (signal?.aborted === true) return;
    await wait(span, undefined, { ref: false, ...(signal && { signal }) }).catch((error: unknown) => {
      // An aborted sleep is a sleep that ended early, which is what the port promises.
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
    });
  },
  timer(span, run) {
    let handle: NodeJS.Timeout;
    const arm = (rest: number): void => {
      const next = Math.min(rest, LONGEST_TIMEOUT);
      handle = setTimeout(() => (rest > next ? arm(rest - next) : run()), next);
      handle.unref();
    };
    arm(span);
    return () => clearTimeout(handle);
  },
};
