import type { Candidate } from "../core/model-ref.ts";
import type { Harness, ProbeResult } from "../ports/harness.ts";
import type { Generation } from "../ports/roster.ts";
import { isAvailable, type Tracked, type Tracker } from "./tracked.ts";

/** What is known of the candidates of a generation before it serves. */
export interface Proof {
  readonly generation: Generation;
  /** What the probes of its new candidates said. */
  readonly probed: ReadonlyMap<Tracked, ProbeResult>;
  /** Whether an agent has a candidate that is available, proven anew or known to be. */
  servable(agent: string): boolean;
}

/**
 * Proves a generation beside the one that serves. What runs on is known; what is new is probed, all at once. Nothing
 * is written down: a generation that is refused leaves no trace.
 */
export function createProve(
  tracker: Tracker,
  probe: (harness: Harness, candidate: Candidate) => Promise<ProbeResult>,
): (next: Generation) => Promise<Proof> {
  return async (next) => {
    const served = new Set(tracker.all());
    const probed = new Map<Tracked, ProbeResult>();
    await Promise.all(
      tracker.all(next).map(async (tracked) => {
        const { candidate, harness } = tracked;
        if (harness === undefined || served.has(tracked)) return;
        probed.set(tracked, await probe(harness, candidate));
      }),
    );
    const available = (tracked: Tracked): boolean => probed.get(tracked)?.ok ?? isAvailable(tracked);
    return {
      generation: next,
      probed,
      servable: (agent) =>
        next.candidates(agent).some((candidate) => available(tracker.get(candidate, next))),
    };
  };
}
