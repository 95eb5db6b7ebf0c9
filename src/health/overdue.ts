import type { Duration } from "../core/time.ts";
import type { Pulse } from "../ports/pulse.ts";

/**
 * What was begun and should be over by now. Pure. What hasn't begun is never overdue: a gateway that has nothing to do
 * is not stuck, and neither is one whose agents can't be served.
 *
 * @param now monotonic
 */
export function overdue(pulses: readonly Pulse[], now: Duration): readonly Pulse[] {
  return pulses.filter(({ begunAt, within }) => now - begunAt > within);
}
