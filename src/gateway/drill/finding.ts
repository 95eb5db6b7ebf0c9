import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Duration } from "../../core/time.ts";

/** One promise, and what came of it. */
export interface Finding {
  readonly exercise: string;
  readonly promise: string;
  readonly verdict: "kept" | "broken" | "not done";
  /** What was seen, or why nothing was. */
  readonly seen: string;
  /** In milliseconds. */
  readonly took: Duration;
}

/** What a look at a promise finds. */
export interface Look {
  readonly kept: boolean;
  readonly seen: string;
}

/** Where the findings of one exercise are written down. */
export interface Judge {
  readonly findings: readonly Finding[];
  /** Looks until the promise is kept, or the time is over. */
  within(promise: string, time: Duration, look: () => Look | Promise<Look>): Promise<boolean>;
  note(promise: string, verdict: Finding["verdict"], seen: string, took?: Duration): void;
}

const LOOK_EVERY = 50;

export function createJudge(exercise: string, signal: AbortSignal): Judge {
  const findings: Finding[] = [];
  const note: Judge["note"] = (promise, verdict, seen, took = 0) =>
    void findings.push({ exercise, promise, verdict, seen, took });
  return {
    findings,
    note,
    async within(promise, time, look) {
      const begun = performance.now();
      for (;;) {
        signal.throwIfAborted();
        const { kept, seen } = await look();
        const took = performance.now() - begun;
        if (kept || took > time) {
          note(promise, kept ? "kept" : "broken", seen, took);
          return kept;
        }
        await pause(LOOK_EVERY);
      }
    },
  };
}
