import type { Timers } from "../api/event-stream.ts";

/** The browser's own timers. */
export const browserTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
