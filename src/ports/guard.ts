import type { Subject, WorkStep } from "../core/poison.ts";
import type { Instant } from "../core/time.ts";

/** Something on which the process worked. */
export interface Mark {
  readonly step: WorkStep;
  readonly subjects: readonly Subject[];
}

/**
 * What the process works on now, kept where its own sudden end can't wipe it out. Costs microseconds and never throws:
 * a mark that can't be written is not there.
 */
export interface WorkMarks {
  /** Marks the beginning of some work. Returns its end. */
  begin(mark: Mark): () => void;
}

/** Runs work of this process so that a crash in it is found at the next start, and blamed on what was in work. */
export interface Guard {
  /**
   * Runs `work` under a mark. What was in work at two crashes runs alone: nothing else that is guarded runs beside it.
   * That it came to its end, well or not, clears it.
   */
  run<T>(step: WorkStep, subjects: readonly Subject[], work: () => T | Promise<T>): Promise<T>;
  /** How often the process has crashed while this was in work. */
  crashes(subject: Subject): number;
  /**
   * Whether the last end of the process is blamed on something else, for the second time at least: then what ran beside
   * it is not to blame, and no attempt of it is used.
   */
  spares(subjects: readonly Subject[]): boolean;
  /** It was set aside, or nobody needs it any more. */
  clear(subject: Subject): void;
}

/** Marks nothing and suspects nobody: where there is no process to crash, as in a simulation. */
export const unguarded: Guard = {
  run: async (_step, _subjects, work) => work(),
  crashes: () => 0,
  spares: () => false,
  clear: () => {},
};

/** Something that was in work when the process crashed. */
export interface Suspect {
  readonly subject: Subject;
  readonly step: WorkStep;
  readonly crashes: number;
  readonly at: Instant;
}

/** What the store keeps of crashes. Only starts after a crash write here. */
export interface SuspectStore {
  suspects(): Promise<readonly Suspect[]>;
  /** Sets how often each was in work at a crash; 0 forgets it. The oldest beyond a bound are forgotten. */
  keepSuspects(suspects: readonly Suspect[]): Promise<void>;
}
