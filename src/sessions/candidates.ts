import { formatModelRef, type Candidate } from "../core/model-ref.ts";
import type { Turn } from "../core/turn.ts";
import type { Entry } from "../core/entry.ts";
import type { Availability, CandidateState } from "../ports/availability.ts";
import type { Harness } from "../ports/harness.ts";
import type { Generation } from "../ports/roster.ts";

import type { TurnDeps } from "./turn-deps.ts";

/** A candidate that is available now, with the harness that runs it. */
export interface Runner {
  readonly candidate: Candidate;
  readonly harness: Harness;
  /** Whether it is the agent's primary. */
  readonly primary: boolean;
}

/**
 * Only those of the harness that has begun with the turn: no other takes over in silence, also when it went away just
 * now. All of them when none has begun, or when the agent has that harness no more. Pure.
 */
export function ownOnly(
  runners: readonly Runner[],
  turn: Pick<Turn, "harness">,
  candidates: readonly Candidate[],
): readonly Runner[] {
  if (!candidates.some(({ harness }) => harness === turn.harness)) return runners;
  return runners.filter(({ harness }) => harness.id === turn.harness);
}

/**
 * The state of the candidate that a message waits for: the harness that has begun with its turn can't serve, and others
 * of the agent's could. Null when it waits for none, or when the agent has that harness no more.
 */
export async function missingOwn(
  { store, availability }: Pick<TurnDeps, "store" | "availability">,
  generation: Generation,
  first: Entry,
  runners: readonly Runner[],
): Promise<CandidateState | null> {
  if (first.turn === null || runners.length === 0) return null;
  const own = (await store.turn(first.turn))?.harness ?? null;
  if (own === null || runners.some(({ harness }) => harness.id === own)) return null;
  return availability.of(first.agent, generation).find(({ candidate }) => candidate.harness === own) ?? null;
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
