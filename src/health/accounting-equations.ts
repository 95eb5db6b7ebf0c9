import { ENTRY_STATES } from "../core/entry.ts";
import type { Imbalance, Recount } from "../ports/accounting.ts";

/**
 * Holds the two equations, and each state's counter, against a recount. Pure; empty when everything is accounted for.
 *
 * received = accepted + duplicate + ignored + refused; accepted = the entries there are + those that were cleared away.
 *
 * Keeps: I18.
 */
export function imbalancesOf({ rows, counters, purged, totals }: Recount): readonly Imbalance[] {
  const outcomes = totals.accepted + totals.duplicate + totals.ignored + totals.refused;
  const entries = ENTRY_STATES.reduce((sum, state) => sum + rows[state], purged);
  const pairs: readonly Imbalance[] = [
    { what: "received", kept: totals.received, counted: outcomes },
    { what: "accepted", kept: totals.accepted, counted: entries },
    ...ENTRY_STATES.map((state) => ({ what: state, kept: counters[state], counted: rows[state] })),
  ];
  return pairs.filter(({ kept, counted }) => kept !== counted);
}

/** One number for all of them: 0 exactly when everything is accounted for. */
export function differenceOf(imbalances: readonly Imbalance[]): number {
  return imbalances.reduce((sum, { kept, counted }) => sum + Math.abs(kept - counted), 0);
}
