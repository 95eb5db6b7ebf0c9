import type { Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Harness, ProbeResult } from "../ports/harness.ts";
import { ABSENT_AFTER } from "./proofs.ts";

/** Watches the files of the harnesses that are in use, and bears with one that is gone for a moment. */
export interface FileLooks {
  /** Watches these, and no others any more. */
  keep(harnesses: ReadonlySet<Harness>): void;
  /**
   * What a look came to: `absent` once the file was gone for long enough, `missing` before that, `back` at the first
   * look that finds it again.
   */
  saw(harness: Harness, result: ProbeResult): "there" | "missing" | "absent" | "back";
  /** Whether the last look found no file. */
  isGone(harness: Harness): boolean;
  stop(): void;
}

interface Looked {
  readonly unwatch: () => void;
  absentSince: Duration | null;
  cancel: () => void;
}

/** @param look looks at a harness again, now */
export function createFileLooks(clock: Clock, look: (harness: Harness) => void): FileLooks {
  const kept = new Map<Harness, Looked>();
  const drop = (harness: Harness, looked: Looked): void => {
    looked.unwatch();
    looked.cancel();
    kept.delete(harness);
  };
  return {
    keep(harnesses) {
      for (const [harness, looked] of kept) if (!harnesses.has(harness)) drop(harness, looked);
      for (const harness of harnesses) {
        if (kept.has(harness)) continue;
        const unwatch = harness.watch?.(() => look(harness)) ?? ((): void => undefined);
        kept.set(harness, { unwatch, absentSince: null, cancel: () => {} });
      }
    },
    saw(harness, result) {
      const looked = kept.get(harness);
      const gone = !result.ok && result.level === "L0" && result.failure.code === "harness-missing";
      if (looked === undefined) return gone ? "absent" : "there";
      if (!gone) {
        const was = looked.absentSince !== null;
        looked.cancel();
        looked.absentSince = null;
        return was ? "back" : "there";
      }
      const now = clock.monotonic();
      looked.absentSince ??= now;
      const left = looked.absentSince + ABSENT_AFTER - now;
      if (left <= 0) return "absent";
      looked.cancel();
      looked.cancel = clock.timer(left, () => look(harness));
      return "missing";
    },
    isGone: (harness) => kept.get(harness)?.absentSince != null,
    stop() {
      for (const [harness, looked] of kept) drop(harness, looked);
    },
  };
}
