import type { Clock } from "../../src/ports/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that moves only when the test moves it. Timers fire in order of time, then of their making. */
export interface FakeClock extends Clock {
  /** Moves both clocks on, firing what is due, with the work of each timer done before the next fires. */
  advance(span: number): Promise<void>;
  /** Moves the wall clock alone, as an NTP step does. */
  jump(span: number): void;
  /** Timers that wait: a test that ends with some has a leak. */
  readonly pending: number;
}

/** Lets everything that is ready run: microtasks, immediates, and the I/O callbacks between them. */
export async function settle(rounds = 4): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let monotonic = 0;
  let offset = start;
  let order = 0;
  const timers = new Set<Timer>();
  const due = (until: number): Timer | undefined =>
    [...timers].filter((t) => t.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];

  const clock: FakeClock = {
    now: () => offset + monotonic,
    monotonic: () => monotonic,
    timer(span, run) {
      const timer = { at: monotonic + Math.max(0, span), order: order++, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    sleep(span, signal) {
      return new Promise<void>((resolve) => {
        if (signal?.aborted === true) return resolve();
        const cancel = clock.timer(span, () => {
          signal?.removeEventListener("abort", aborted);
          resolve();
        });
        const aborted = (): void => {
          cancel();
          resolve();
        };
        signal?.addEventListener("abort", aborted, { once: true });
      });
    },
    async advance(span) {
      const until = monotonic + span;
      await settle();
      for (let timer = due(until); timer !== undefined; timer = due(until)) {
        timers.delete(timer);
        monotonic = Math.max(monotonic, timer.at);
        timer.run();
        await settle();
      }
      monotonic = until;
    },
    jump(span) {
      offset += span;
    },
    get pending() {
      return timers.size;
    },
  };
  return clock;
}
