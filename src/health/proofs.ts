import { HOUR, MINUTE, SECOND, type Duration } from "../core/time.ts";
import type { ProbeLevel } from "../ports/harness.ts";

/** From the weakest to the strongest: the file, a handshake, the credential, a whole turn. */
export const LEVELS: readonly ProbeLevel[] = ["L0", "L1", "L2", "L3"];

/**
 * How often each level is proven anew. Looking at a file costs next to nothing, a handshake or a login starts a program.
 * Turns prove L3 by themselves, and a proof by one counts for so long; no turn is begun only to prove it, except for a
 * candidate that a turn has shown to be broken.
 */
export const PERIODS: Readonly<Record<ProbeLevel, Duration>> = {
  L0: SECOND,
  L1: 5 * MINUTE,
  L2: 5 * MINUTE,
  L3: HOUR,
};

/** How long a file may be gone before that counts: an update takes a moment to put the new one in its place. */
export const ABSENT_AFTER: Duration = SECOND;

/** When each level was last proven, in monotonic time. */
export type Proofs = Partial<Readonly<Record<ProbeLevel, Duration>>>;

/** Notes that everything up to a level was proven. Pure. */
export function prove(proofs: Proofs, level: ProbeLevel, now: Duration): Proofs {
  const proven = LEVELS.slice(0, LEVELS.indexOf(level) + 1);
  return { ...proofs, ...Object.fromEntries(proven.map((one) => [one, now])) };
}

/** The highest level whose proof still counts; a proof outlives its period by as much, since the next one takes time. */
export function levelOf(proofs: Proofs, now: Duration): ProbeLevel | null {
  return LEVELS.findLast((level) => now - (proofs[level] ?? -Infinity) <= 2 * PERIODS[level]) ?? null;
}

/** The level at which the next look is due: the highest of L1 and L2 whose period has passed, else the file. Pure. */
export function dueLevel(proofs: Proofs, now: Duration): ProbeLevel {
  return (
    (["L2", "L1"] as const).find((level) => now - (proofs[level] ?? -Infinity) >= PERIODS[level]) ?? "L0"
  );
}

/** The stronger of two levels. */
export function stronger(a: ProbeLevel, b: ProbeLevel): ProbeLevel {
  return LEVELS.indexOf(a) >= LEVELS.indexOf(b) ? a : b;
}

/** What is still proven after a proof of this level failed. Pure. */
export function below(proofs: Proofs, level: ProbeLevel): Proofs {
  const kept = LEVELS.slice(0, LEVELS.indexOf(level));
  return Object.fromEntries(Object.entries(proofs).filter(([one]) => kept.some((name) => name === one)));
}
