import { DAY } from "../core/time.ts";

/** Bounds of the configuration itself. */
export const CONFIG_LIMITS = {
  /** Largest file, in bytes. */
  fileBytes: 1024 * 1024,
  /** Deepest nesting of objects and lists. */
  depth: 64,
  /** Problems that are listed before the rest is only counted. */
  problems: 100,
  /** Longest span that becomes a timer: the runtime's timers end at 2^31 ms. */
  timer: 24 * DAY,
  /** Longest span that is only compared, in milliseconds. */
  age: 36_500 * DAY,
} as const;
