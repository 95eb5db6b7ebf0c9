import type { Clock } from "../ports/clock.ts";

/** Node fires longer timeouts at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(span, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const end = (): void => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = systemClock.timer(span, end);
      signal?.addEventListener("abort", end, { once: true });
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
