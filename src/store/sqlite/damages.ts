import { RollcallError } from "../../core/errors.ts";
import type { Damage } from "../../ports/integrity.ts";

/** What was found to be wrong in this opening of the store. */
export interface Damages {
  /** Reports a damage; one that is known already is passed over. Returns whether it was news. */
  report(damage: Damage): boolean;
  watch(watch: (damage: Damage) => void): void;
  /** An index can't be believed: nothing is accepted from now on. Returns why. */
  closeIntake(index: string, detail: string): RollcallError;
  /** Why nothing is accepted; null while that is no question. */
  readonly intakeClosed: RollcallError | null;
}

/** Damages that are remembered, so that each is told once. */
const REMEMBERED = 10_000;

export function createDamages(): Damages {
  const known = new Map<string, Damage>();
  const watchers: ((damage: Damage) => void)[] = [];
  let closed: RollcallError | null = null;
  const report = (damage: Damage): boolean => {
    const key = `${damage.part} ${damage.id}`;
    if (known.has(key) || known.size >= REMEMBERED) return false;
    known.set(key, damage);
    for (const watch of watchers) watch(damage);
    return true;
  };
  return {
    report,
    watch(watch) {
      watchers.push(watch);
      for (const damage of known.values()) watch(damage);
    },
    closeIntake(index, detail) {
      report({ part: "index", id: index, detail, setAside: false });
      closed ??= new RollcallError("store-index", { detail: `${index}: ${detail}` });
      return closed;
    },
    get intakeClosed() {
      return closed;
    },
  };
}
