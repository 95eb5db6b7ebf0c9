import type { Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";

/** What comes after a slice. */
export interface SliceEnd {
  /** Until the next one: everybody else has their turn meanwhile. */
  readonly pause: Duration;
  /** The next one begins a new look at everything. */
  readonly afresh: boolean;
}

/** A look at everything that is taken in slices, again and again. */
export interface SlicesDeps {
  readonly clock: Clock;
  /** One slice. @param begun when the look at everything was begun; monotonic */
  readonly slice: (begun: Duration) => Promise<SliceEnd>;
  readonly failed: (error: unknown) => SliceEnd;
}

export interface Slices {
  start(): void;
  stop(): void;
  readonly stopped: boolean;
}

export function createSlices({ clock, slice, failed }: SlicesDeps): Slices {
  let begun = 0;
  let stopped = false;
  let cancel = (): void => {};
  const step = async (): Promise<void> => {
    const { pause, afresh } = await slice(begun).catch(failed);
    if (stopped) return;
    cancel = clock.timer(pause, () => {
      if (afresh) begun = clock.monotonic();
      void step();
    });
  };
  return {
    start() {
      begun = clock.monotonic();
      void step();
    },
    stop() {
      stopped = true;
      cancel();
    },
    get stopped() {
      return stopped;
    },
  };
}
