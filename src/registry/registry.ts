import type { Generation, Roster } from "../ports/roster.ts";

/** The one place that says which generation serves. */
export interface Registry extends Roster {
  /** Lets `next` serve, by one assignment. Turns that run keep the generation that they began with. */
  publish(next: Generation): void;
}

export function createRegistry(first: Generation): Registry {
  let serving = first;
  return {
    current: () => serving,
    publish(next) {
      serving = next;
    },
  };
}
