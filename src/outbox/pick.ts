import type { Duration } from "../core/time.ts";

/** What the picker must know of one line. */
export interface LineView {
  /** Of its kind: 0 goes before 1, 1 before 2. */
  readonly rank: number;
  /** How long its first delivery must still wait; null while it can't be sent at all, or is being sent. */
  readonly dueIn: Duration | null;
  /** How long the platform has no room for it: asked only of what is due. */
  readonly roomIn: () => Duration;
}

/** Which line comes next, or how long none does; null when nothing waits for a time. */
export interface Picked<Line> {
  readonly line: Line | null;
  readonly wait: Duration | null;
}

/** Ranks of the lines (`DELIVERY_LINE`): what the operator must know, then what people wait for, then live views. */
const RANKS = [0, 1, 1, 2] as const;

/** The rank of a line. */
export function rankOf(line: number): number {
  return RANKS[line] ?? 1;
}

/**
 * Picks the next line of an account. Pure. `lines` come in the order of their last turn, the longest ago first: so
 * each chat gets its turn, however much waits in another one. A line of a later rank goes only when none before it can.
 */
export function pickNext<Line extends LineView>(lines: Iterable<Line>): Picked<Line> {
  let best: Line | null = null;
  let wait: Duration | null = null;
  for (const line of lines) {
    if (line.dueIn === null || (best !== null && line.rank >= best.rank)) continue;
    const until = line.dueIn > 0 ? line.dueIn : line.roomIn();
    if (until > 0) wait = Math.min(wait ?? until, until);
    else best = line;
    if (best?.rank === 0) break;
  }
  return { line: best, wait: best === null ? wait : null };
}
