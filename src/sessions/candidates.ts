import { formatModelRef, type Candidate } from "../core/model-ref.ts";
import type { Availability } from "../ports/availability.ts";
import type { Harness } from "../ports/harness.ts";
import type { Generation } from "../ports/roster.ts";

/** A candidate that is available now, with the harness that runs it. */
export interface Runner {
  readonly candidate: Candidate;
  readonly harness: Harness;
  /** Whether it is the agent's primary. */
  readonly primary: boolean;
}

/**
 * The agent's available candidates, in the order in which they are tried.
 *
 * @param chosen the model that a person chose for the session, which goes first
 */
export function candidatesFor(
  availability: Availability,
  generation: Generation,
  agent: string,
  chosen: string | null = null,
): readonly Runner[] {
  const runners = availability.of(agent, generation).flatMap(({ candidate, available }, index) => {
    const harness = generation.harnesses.get(candidate.harness);
    return available && harness !== undefined ? [{ candidate, harness, primary: index === 0 }] : [];
  });
  const wanted = runners.find(({ candidate }) => formatModelRef(candidate) === chosen);
  if (wanted === undefined) return runners;
  return [{ ...wanted, primary: true }, ...runners.filter((runner) => runner !== wanted)];
}
