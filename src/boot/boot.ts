import { messageOf } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

/** The phases of a start, in the only order in which they may run. Listening comes strictly after the seal. */
export const PHASES = ["config", "store", "plugins", "seal", "reap", "listen", "channels", "probe"] as const;
export type Phase = (typeof PHASES)[number];

export class PhaseOverdue extends Error {
  readonly phase: Phase;
  constructor(phase: Phase, deadline: Duration) {
    super(`the ${phase} phase did not end within ${deadline} ms`);
    this.name = "PhaseOverdue";
    this.phase = phase;
  }
}

export class PhaseOrder extends Error {
  constructor(phase: Phase, expected: Phase | undefined) {
    super(`the ${phase} phase was begun where ${expected ?? "nothing"} was expected`);
    this.name = "PhaseOrder";
  }
}

/** A stop was asked for before the start was over. No fault: what was begun is undone, and the process ends well. */
export class StoppedWhileStarting extends Error {
  constructor(phase: Phase) {
    super(`stopped in the ${phase} phase`);
    this.name = "StoppedWhileStarting";
  }
}

/**
 * A start as a list of phases, each with a deadline, a line in the log, and a way back. The list proves itself: a phase
 * out of order is a bug that ends the start. What was done is undone in reverse, on a failed start and on a stop alike.
 */
export interface Boot {
  phase<T>(name: Phase, deadline: Duration, run: () => T | Promise<T>): Promise<T>;
  /** Remembers how to undo something, bounded by `deadline`. */
  undo(name: string, deadline: Duration, run: () => void | Promise<void>): void;
  /**
   * Undoes everything, newest first. Never throws: what can't be undone in time is logged and left.
   *
   * @param within bound for all of it: when the deadlines together are longer, each is cut in proportion
   */
  unwind(within?: Duration): Promise<void>;
}

interface Undo {
  readonly name: string;
  readonly deadline: Duration;
  readonly run: () => void | Promise<void>;
}

/** @param stop ends the phase that runs, and those that would follow, with {@link StoppedWhileStarting} */
export function createBoot(clock: Clock, log: Log, stop?: AbortSignal): Boot {
  const undos: Undo[] = [];
  let next = 0;
  return {
    async phase(name, deadline, run) {
      if (PHASES[next] !== name) throw new PhaseOrder(name, PHASES[next]);
      next += 1;
      const begun = clock.monotonic();
      const late = (): Error => new PhaseOverdue(name, deadline);
      const result = await unlessStopped(stop, name, () => within(clock, deadline, late, run));
      log.info("boot.phase", { phase: name, ms: Math.round((clock.monotonic() - begun) * 10) / 10 });
      return result;
    },
    undo: (name, deadline, run) => void undos.push({ name, deadline, run }),
    async unwind(bound = Infinity) {
      const fits = Math.min(1, bound / undos.reduce((sum, { deadline }) => sum + deadline, 0));
      for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
        const { name } = undo;
        const deadline = undo.deadline * fits;
        try {
          await within(clock, deadline, () => new UndoOverdue(name, deadline), undo.run);
        } catch (error) {
          log.error("boot.undo_failed", { step: name, error: messageOf(error) });
        }
      }
    },
  };
}

class UndoOverdue extends Error {
  constructor(name: string, deadline: Duration) {
    super(`${name} did not end within ${Math.round(deadline)} ms`);
    this.name = "UndoOverdue";
  }
}

async function unlessStopped<T>(
  stop: AbortSignal | undefined,
  phase: Phase,
  run: () => Promise<T>,
): Promise<T> {
  if (stop === undefined) return run();
  if (stop.aborted) throw new StoppedWhileStarting(phase);
  let asked = (): void => {};
  const stopped = new Promise<never>((_, reject) => {
    asked = () => reject(new StoppedWhileStarting(phase));
    stop.addEventListener("abort", asked, { once: true });
  });
  try {
    return await Promise.race([run(), stopped]);
  } finally {
    stop.removeEventListener("abort", asked);
  }
}

/** Runs with a deadline. What is late goes on in the background; its result is dropped. */
async function within<T>(
  clock: Clock,
  deadline: Duration,
  late: () => Error,
  run: () => T | Promise<T>,
): Promise<T> {
  let cancel = (): void => {};
  const overdue = new Promise<never>((_, reject) => {
    cancel = clock.timer(deadline, () => reject(late()));
  });
  try {
    return await Promise.race([Promise.resolve(run()), overdue]);
  } finally {
    cancel();
  }
}
