import type { Duration } from "./time.ts";

/** How long to wait between tries of the same thing. */
export interface Backoff {
  readonly first: Duration;
  readonly factor: number;
  readonly max: Duration;
  /** Part of the delay that is random, 0 to 1, so that many waiters don't come back at once. */
  readonly jitter: number;
}

/** The delay before try number `attempt` (1 is the first repeat). `random` is in [0, 1). Bounded by `max`. */
export function backoffDelay(backoff: Backoff, attempt: number, random: number): Duration {
  const full = Math.min(backoff.max, backoff.first * backoff.factor ** Math.max(0, attempt - 1));
  return Math.round(full * (1 - backoff.jitter * random));
}
