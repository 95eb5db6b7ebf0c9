import { CRASHES_ALONE, CRASHES_MOST } from "../core/poison.ts";
import { DAY, type Duration, type Instant } from "../core/time.ts";
import type { Mark, Suspect } from "../ports/guard.ts";

/** Without another crash, something is suspected for so long. */
const SUSPECTED_FOR: Duration = 7 * DAY;

/**
 * What is suspected after an end of the process that left these marks: everything that was in work counts one crash
 * more, what is old is forgotten. Pure.
 */
export function raiseSuspects(
  known: readonly Suspect[],
  left: readonly Mark[],
  now: Instant,
): { readonly suspects: readonly Suspect[]; readonly changed: readonly Suspect[] } {
  const byKey = new Map(known.map((one) => [`${one.step} ${one.subject}`, one]));
  const changed = new Map<string, Suspect>();
  for (const { step, subjects } of left) {
    for (const subject of subjects) {
      const key = `${step} ${subject}`;
      if (changed.has(key)) continue;
      changed.set(key, { subject, step, crashes: (byKey.get(key)?.crashes ?? 0) + 1, at: now });
    }
  }
  for (const [key, one] of byKey) {
    // A clock that was set back doesn't make anything older.
    if (!changed.has(key) && now - one.at > SUSPECTED_FOR) changed.set(key, { ...one, crashes: 0 });
  }
  const suspects = [...new Map([...byKey, ...changed]).values()].filter(({ crashes }) => crashes > 0);
  return { suspects, changed: [...changed.values()] };
}

/** Crashes of one thing over all steps at which it was in work. */
export function crashesOf(suspects: readonly Suspect[], subject: string): number {
  return suspects.reduce((sum, one) => (one.subject === subject ? sum + one.crashes : sum), 0);
}

/**
 * On what the last end is blamed: on what was in work at it and at an earlier one. A single end may have come from
 * outside, and a live view belongs to a turn that runs.
 */
export function blamedOf(suspects: readonly Suspect[], left: readonly Mark[]): readonly string[] {
  const subjects = left.filter(({ step }) => step !== "show").flatMap((mark) => mark.subjects);
  return subjects.filter((subject) => crashesOf(suspects, subject) >= CRASHES_ALONE);
}

/** What is set aside now. */
export function convictedOf(suspects: readonly Suspect[]): readonly string[] {
  const subjects = new Set(suspects.map(({ subject }) => subject));
  return [...subjects].filter((subject) => crashesOf(suspects, subject) >= CRASHES_MOST);
}

/** Set aside: should an operator try it again, it runs alone, and its next crash is its last. */
export function setAside(suspects: readonly Suspect[], subject: string): readonly Suspect[] {
  let left = CRASHES_ALONE;
  return suspects
    .filter((one) => one.subject === subject)
    .map((one) => {
      const crashes = Math.min(one.crashes, left);
      left -= crashes;
      return { ...one, crashes };
    });
}
