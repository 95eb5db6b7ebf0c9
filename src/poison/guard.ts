/**
 * Runs what this process works on under marks that outlive it. Most of the time that is two small writes; only what was
 * in work at earlier crashes is treated in another way.
 */
import { messageOf } from "../core/errors.ts";
import { CRASHES_ALONE, type Subject, type WorkStep } from "../core/poison.ts";
import type { Clock } from "../ports/clock.ts";
import type { Guard, Mark, Suspect, SuspectStore, WorkMarks } from "../ports/guard.ts";
import type { Log } from "../ports/log.ts";
import { createGate } from "./gate.ts";

export interface GuardDeps {
  readonly marks: WorkMarks;
  readonly store: SuspectStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface KnowingGuard extends Guard {
  /** What is suspected from now on. */
  know(suspects: readonly Suspect[]): void;
}

/**
 * @param known what was in work at earlier crashes
 * @param blamed what the last one is blamed on, when that is known
 */
export function createGuard(
  deps: GuardDeps,
  known: readonly Suspect[],
  blamed: readonly Subject[] = [],
): KnowingGuard {
  const gate = createGate(deps.clock);
  const keyed = (some: readonly Suspect[]): Map<string, Suspect> =>
    new Map(some.map((one) => [keyOf(one.step, one.subject), one]));
  let suspects = keyed(known);
  const crashes = (subject: Subject): number => {
    let sum = 0;
    for (const one of suspects.values()) if (one.subject === subject) sum += one.crashes;
    return sum;
  };
  const forget = (gone: readonly Suspect[]): void => {
    if (gone.length === 0) return;
    for (const one of gone) suspects.delete(keyOf(one.step, one.subject));
    deps.store
      .keepSuspects(gone.map((one) => ({ ...one, crashes: 0 })))
      .catch((error: unknown) => deps.log.warn("suspects.not_kept", { error: messageOf(error) }));
  };
  return {
    know: (some) => void (suspects = keyed(some)),
    crashes: (subject) => (suspects.size === 0 ? 0 : crashes(subject)),
    spares: (subjects) => blamed.length > 0 && !subjects.some((subject) => blamed.includes(subject)),
    clear: (subject) => forget([...suspects.values()].filter((one) => one.subject === subject)),
    async run(step, subjects, work) {
      if (suspects.size === 0) return gate.beside(() => marked(deps.marks, { step, subjects }, work));
      const meant = subjects.flatMap((subject) => suspects.get(keyOf(step, subject)) ?? []);
      const alone = subjects.some((subject) => crashes(subject) >= CRASHES_ALONE);
      if (alone) deps.log.info("suspect.alone", { step, subjects });
      try {
        return await gate[alone ? "alone" : "beside"](() => marked(deps.marks, { step, subjects }, work));
      } finally {
        if (meant.length > 0) deps.log.info("suspect.cleared", { step, subjects });
        forget(meant);
      }
    },
  };
}

async function marked<T>(marks: WorkMarks, mark: Mark, work: () => T | Promise<T>): Promise<T> {
  const end = marks.begin(mark);
  try {
    return await work();
  } finally {
    end();
  }
}

const keyOf = (step: WorkStep, subject: Subject): string => `${step} ${subject}`;
