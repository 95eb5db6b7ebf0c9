import type { Timers } from "../api/event-stream.ts";

/** The browser's own timers. */
export const browserTimers: Timers = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
