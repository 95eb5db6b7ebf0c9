import type { Duration } from "../core/time.ts";

/** Something that was begun and must be over within its own bound. What takes longer is stuck. */
export interface Pulse {
  /** For the log: what it is, and whose. */
  readonly what: string;
  /** Monotonic. */
  readonly begunAt: Duration;
  readonly within: Duration;
}
