import type { Duration } from "../core/time.ts";
import { SECOND } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";

/** Lets work go on side by side, or one piece of it alone. */
export interface Gate {
  beside<T>(work: () => Promise<T>): Promise<T>;
  /** Waits until nothing else is in work, and keeps it so while this is. Both waits are bounded. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** Nothing waits for ever for what waits for a network: beyond this it goes on beside it. */
export const GATE_BOUNDS = { others: 10 * SECOND, held: 30 * SECOND } as const;

export function createGate(clock: Clock): Gate {
  /** `closed` resolves when the one that works alone lets the others go on; null while none does. */
  const gate: { working: number; closed: Promise<void> | null; rested: () => void } = {
    working: 0,
    closed: null,
    rested: () => {},
  };
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    gate.working += 1;
    try {
      return await work();
    } finally {
      gate.working -= 1;
      if (gate.working === 0) gate.rested();
    }
  };
  return {
    async beside(work) {
      while (gate.closed !== null) await gate.closed;
      return counted(work);
    },
    async alone(work) {
      while (gate.closed !== null) await gate.closed;
      const { promise, resolve } = Promise.withResolvers<void>();
      gate.closed = promise;
      const open = (): void => {
        if (gate.closed === promise) gate.closed = null;
        resolve();
      };
      if (gate.working > 0) await within(clock, GATE_BOUNDS.others, (rest) => (gate.rested = rest));
      const cancel = clock.timer(GATE_BOUNDS.held, open);
      try {
        return await counted(work);
      } finally {
        cancel();
        open();
      }
    },
  };
}

function within(clock: Clock, bound: Duration, wait: (rested: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.timer(bound, resolve);
    wait(() => {
      cancel();
      resolve();
    });
  });
}
