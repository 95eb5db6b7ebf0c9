/**
 * Message accounting: counts every entry again and again, in slices, and holds what comes out against the counters that
 * the transactions kept. A difference is a fault of ours, and is never kept to ourselves.
 *
 * Keeps: I18 (the equations are recounted, not copied).
 */
import { messageOf } from "../core/errors.ts";
import { MILLISECOND, MINUTE, SECOND, type Duration } from "../core/time.ts";
import type { AccountingState, AccountingStore } from "../ports/accounting.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { createSlices, type SliceEnd } from "./slices.ts";
import { differenceOf, imbalancesOf } from "./accounting-equations.ts";

export interface Accounting {
  /** Null until the first recount came to its end. */
  last(): AccountingState | null;
  start(): void;
  stop(): void;
}

export interface AccountingDeps {
  readonly store: Pick<AccountingStore, "recount">;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts?: Pick<Alerts, "raise" | "resolve">;
}

/** Entries of one slice: about a millisecond. */
export const SLICE_ROWS = 10_000;
/** Between slices everybody else has their turn; between recounts nothing is done. */
const PAUSE = { slice: 20 * MILLISECOND, recount: MINUTE, fault: 5 * SECOND } as const;
const SUBJECT = "store";

export function createAccounting(deps: AccountingDeps): Accounting {
  const { clock, log, alerts } = deps;
  let last: AccountingState | null = null;

  const report = (next: AccountingState): void => {
    const before = last?.difference ?? 0;
    last = next;
    if (next.difference === 0) {
      if (before !== 0) log.info("accounting.balanced", { entries: next.entries });
      alerts?.resolve("accounting-difference", SUBJECT);
      return;
    }
    const { difference, imbalances } = next;
    if (difference !== before)
      log.error("accounting.difference", { difference, imbalances }, summaryOf(next));
    alerts?.raise({ code: "accounting-difference", subject: SUBJECT, summary: summaryOf(next) });
  };
  const look = async (begun: Duration): Promise<SliceEnd> => {
    const recount = await deps.store.recount(SLICE_ROWS);
    if (recount === null || slices.stopped) return { pause: PAUSE.slice, afresh: false };
    const imbalances = imbalancesOf(recount);
    const entries = Object.values(recount.rows).reduce((sum, n) => sum + n, 0);
    const now = clock.monotonic();
    report({ difference: differenceOf(imbalances), imbalances, at: clock.now(), entries, took: now - begun });
    return { pause: PAUSE.recount, afresh: true };
  };
  const failed = (error: unknown): SliceEnd => {
    log.warn("accounting.failed", { error: messageOf(error) });
    return { pause: PAUSE.fault, afresh: true };
  };
  const slices = createSlices({ clock, slice: look, failed });
  return {
    last: () => last,
    start: () => slices.start(),
    stop: () => slices.stop(),
  };
}

function summaryOf({ imbalances }: AccountingState): string {
  const parts = imbalances.map(({ what, kept, counted }) => `${what}: ${kept} kept, ${counted} counted`);
  return `Messages are not accounted for: ${parts.join("; ")}.`;
}
