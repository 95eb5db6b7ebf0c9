import { DAY, HOUR, MILLISECOND, MINUTE, SECOND } from "../core/time.ts";

/** Bounds of what clears away. Times in milliseconds. */
export const RETENTION = {
  /** After the start, so that it isn't in the way of what waited. */
  firstAfter: 2 * MINUTE,
  every: HOUR,
  /** Messages of one transaction: a few milliseconds. */
  rows: 25,
  /** Rows of one transaction that stand alone. */
  leftovers: 100,
  /** Between transactions everybody else has their turn. */
  pause: 25 * MILLISECOND,
  /** The gateway's own messages. */
  canaries: HOUR,
  /** How long a redelivery of a cleared message is still known. Platforms try again for a day at most. */
  keys: 7 * DAY,
  /** What belongs to no message is kept for at least as long. */
  notices: DAY,
  /** A month's spending can always be told. */
  usage: 35 * DAY,
  sessions: 90 * DAY,
  pairings: 90 * DAY,
  /** A file is stored before the message that names it. */
  fileAhead: HOUR,
} as const;

/** Bounds of a purge that somebody waits for. */
export const PURGE = {
  /** After this it answers with what was done so far, and is asked again. */
  within: 20 * SECOND,
  rows: 100,
  pause: 5 * MILLISECOND,
} as const;
