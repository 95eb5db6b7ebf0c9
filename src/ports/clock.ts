import type { Duration, Instant } from "../core/time.ts";

/** Time, as the only source of it. A simulation puts its own behind this port. */
export interface Clock {
  /** Wall clock: for what people and platforms see. May jump. */
  now(): Instant;
  /** Milliseconds that only grow: for deadlines and ages. Stands still while the machine sleeps. */
  monotonic(): Duration;
  /** Resolves after `span`, or as soon as `signal` aborts; never rejects. Doesn't keep the process alive. */
  sleep(span: Duration, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `span`. Returns its cancellation. Doesn't keep the process alive. */
  timer(span: Duration, run: () => void): () => void;
}
