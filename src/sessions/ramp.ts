import { SECOND, type Duration } from "../core/time.ts";

/** How held lanes come back: a few first, since what has just healed may not bear them all. */
export const RAMP = {
  /** Lanes that begin at once. */
  first: 2,
  /** Between one wave and the next, which is as large as all before it together. */
  spacing: 0.5 * SECOND,
  /** All have begun by then, however many they are. */
  within: 9 * SECOND,
} as const;

/** When the lane at this place (0 is the one that waited longest) of `total` begins, after the heal. Pure. */
export function rampDelay(place: number, total: number): Duration {
  const spacing = Math.min(RAMP.spacing, RAMP.within / Math.max(1, waveOf(total - 1)));
  return Math.round(waveOf(place) * spacing);
}

/** 2, 2, 4, 8, 16, … lanes. */
function waveOf(place: number): number {
  return place < RAMP.first ? 0 : Math.floor(Math.log2(place / RAMP.first)) + 1;
}
