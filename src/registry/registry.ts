import type { Generation, PinningRoster } from "../ports/roster.ts";

/** The one place that says which generation serves. */
export interface Registry extends PinningRoster {
  /** Lets `next` serve, by one assignment. Turns that run keep the generation that they began with. */
  publish(next: Generation): void;
  /** Calls back, after a publish or the end of a turn, when a generation that no longer serves is pinned by nobody. */
  onRetired(retired: (generation: Generation) => void): void;
}

export function createRegistry(first: Generation): Registry {
  let serving = first;
  const pins = new Map<Generation, number>();
  const watchers: ((generation: Generation) => void)[] = [];
  const retire = (generation: Generation): void => {
    if (generation === serving || pins.has(generation)) return;
    for (const retired of watchers) retired(generation);
  };
  const unpin = (generation: Generation): void => {
    const left = (pins.get(generation) ?? 1) - 1;
    if (left > 0) return void pins.set(generation, left);
    pins.delete(generation);
    retire(generation);
  };
  return {
    current: () => serving,
    pin() {
      const generation = serving;
      pins.set(generation, (pins.get(generation) ?? 0) + 1);
      let held = true;
      return {
        generation,
        release() {
          if (held) unpin(generation);
          held = false;
        },
      };
    },
    publish(next) {
      const before = serving;
      serving = next;
      retire(before);
    },
    onRetired: (retired) => void watchers.push(retired),
  };
}
