import type { Plan } from "./plan.ts";
import type { Round } from "./stats.ts";

/** Where the two sides keep their files, and whether there is a gateway to measure. */
export interface Bench {
  readonly plan: Plan;
  readonly dir: string;
  readonly emptyDir: string;
  readonly gateway: boolean;
}

/** Runs the two sides of a round, the first one alternating, so that a drift of the machine hits both. */
export async function alternate<T>(
  bench: Pick<Bench, "gateway">,
  rounds: number,
  sides: { gateway: () => Promise<T>; floor: () => Promise<T> },
): Promise<{ gateway: T | null; floor: T }[]> {
  const done: { gateway: T | null; floor: T }[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = bench.gateway && round % 2 === 0 ? await sides.gateway() : null;
    const floor = await sides.floor();
    done.push({ gateway: before ?? (bench.gateway ? await sides.gateway() : null), floor });
  }
  return done;
}

/** A load, and how long all of it took together. */
export interface Timed {
  readonly taken: readonly number[];
  readonly perSecond: number;
}

export async function timed(run: () => Promise<readonly number[]>): Promise<Timed> {
  const from = performance.now();
  const taken = await run();
  return { taken, perSecond: (taken.length * 1000) / (performance.now() - from) };
}

/** One figure of each round, or several. */
export function roundsOf<T>(
  rounds: readonly { readonly gateway: T | null; readonly floor: T }[],
  pick: (side: T) => number | readonly number[],
): Round[] {
  const listed = (side: T): readonly number[] => [pick(side)].flat();
  return rounds.map(({ gateway, floor }) => ({
    gateway: gateway === null ? null : listed(gateway),
    floor: listed(floor),
  }));
}
