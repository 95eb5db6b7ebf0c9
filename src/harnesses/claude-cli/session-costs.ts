import { CLAUDE_LIMITS } from "./limits.ts";

/** Turns the program's running total of a session into the cost of each turn. */
export interface SessionCosts {
  /** Cost of the turn that ended with this total; undefined when the total before it isn't known. */
  turn(native: string, total: number | null): number | undefined;
  /** A session that was just begun has cost nothing. */
  begun(native: string): void;
}

/**
 * Remembers the last total of each session, in memory: the first turn of a session that is resumed after a restart of
 * the gateway has no known cost, since its total holds earlier turns that were counted already.
 */
export function createSessionCosts(): SessionCosts {
  const totals = new Map<string, number>();
  const set = (native: string, total: number): void => {
    totals.delete(native);
    totals.set(native, total);
    const oldest = totals.keys().next();
    if (totals.size > CLAUDE_LIMITS.costs && oldest.done !== true) totals.delete(oldest.value);
  };
  return {
    begun: (native) => set(native, 0),
    turn(native, total) {
      if (total === null) return undefined;
      const before = totals.get(native);
      set(native, total);
      // A total that shrank was counted anew by the program: it is this turn's.
      if (before === undefined) return undefined;
      return total >= before ? total - before : total;
    },
  };
}
