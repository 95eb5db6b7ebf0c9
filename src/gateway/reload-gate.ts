import { RollcallError } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Intake } from "../ports/intake.ts";

/**
 * Stands before the intake while a generation is swapped: what was decided by the old one is stored by then, and what
 * comes next is decided by the new one. So a message is never stored for an agent that has just been taken away.
 */
export interface ReloadGate {
  guard(intake: Intake): Intake;
  /**
   * Runs something while nothing is being accepted. New messages wait; those on their way are waited for.
   *
   * @throws RollcallError `store-io` when they take longer than `within`, and what `run` throws
   */
  alone<T>(within: Duration, run: () => Promise<T>): Promise<T>;
}

export function createReloadGate(clock: Clock): ReloadGate {
  /** `closed` resolves when the gate opens again; `passing` counts what is being accepted. */
  const gate: { closed: Promise<void> | null; passing: number; empty: () => void } = {
    closed: null,
    passing: 0,
    empty: () => {},
  };
  const emptied = (within: Duration): Promise<void> =>
    new Promise((resolve, reject) => {
      const cancel = clock.timer(within, () => {
        reject(new RollcallError("store-io", { detail: "messages take too long to be stored" }));
      });
      gate.empty = () => {
        cancel();
        resolve();
      };
    });
  return {
    guard: (intake) => ({
      ...intake,
      async accept(batch) {
        while (gate.closed !== null) await gate.closed;
        gate.passing += 1;
        try {
          return await intake.accept(batch);
        } finally {
          gate.passing -= 1;
          if (gate.passing === 0) gate.empty();
        }
      },
    }),
    async alone(within, run) {
      const opened = Promise.withResolvers<void>();
      gate.closed = opened.promise;
      try {
        if (gate.passing > 0) await emptied(within);
        return await run();
      } finally {
        gate.closed = null;
        opened.resolve();
      }
    },
  };
}
