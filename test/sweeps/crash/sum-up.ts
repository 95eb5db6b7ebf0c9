import { POINTS } from "../../failpoints/points.ts";
import type { Outcome } from "./play.ts";

/**
 * The figures of a whole run.
 *
 * @param alone the one that had the machine for itself, if one had
 */
export function sumUp(
  outcomes: readonly Outcome[],
  alone: Outcome | undefined,
  run: { readonly seed: number; readonly strace: boolean; readonly seconds: number },
) {
  const sum = (of: (one: Outcome) => number): number => outcomes.reduce((total, one) => total + of(one), 0);
  const reached = new Set(outcomes.flatMap((one) => one.reached));
  const missed = new Set(outcomes.flatMap((one) => one.missed));
  const events: Record<string, number> = {};
  for (const one of outcomes)
    for (const [event, count] of Object.entries(one.events)) events[event] = (events[event] ?? 0) + count;
  return {
    ...run,
    deaths: sum((one) => one.deaths),
    starts: sum((one) => one.starts),
    messages: sum(({ figures }) => figures.messages),
    faults: sum(({ faults }) => faults.length),
    lost: sum(({ figures }) => figures.lost),
    answeredTwice: sum(({ figures }) => figures.twice),
    repeatsMarked: sum(({ figures }) => figures.flagged),
    confirmedAndNotStored: sum(({ unstored }) => unstored),
    inWrongChat: sum(({ figures }) => figures.misplaced),
    outOfOrder: sum(({ figures }) => figures.misordered),
    twoTreesInOneLane: sum(({ figures }) => figures.rivals),
    toolsRunAgain: sum(({ figures }) => figures.toolsAgain),
    orphans: sum(({ orphans }) => orphans),
    promptsAgain: sum(({ figures }) => figures.reruns),
    liveViewsLeft: sum(({ figures }) => figures.leftViews),
    events,
    recoveryAloneMs: quantiles((alone?.recoveries ?? []).map(({ ms }) => ms)),
    recoveryMs: quantiles(outcomes.flatMap((one) => one.recoveries.map(({ ms }) => ms))),
    slowest: outcomes
      .flatMap((one) => one.recoveries)
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, 3),
    drainedMs: quantiles(outcomes.flatMap((one) => one.drains)),
    points: {
      all: POINTS.length,
      reached: reached.size,
      triedAndNotReached: [...missed].filter((point) => !reached.has(point)),
      notTried: POINTS.filter((point) => !reached.has(point) && !missed.has(point)),
    },
  };
}

function quantiles(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
