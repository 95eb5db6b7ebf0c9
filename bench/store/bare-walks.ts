import path from "node:path";
import { startAsked } from "../asked.ts";
import { roundsOf } from "../rounds.ts";
import { toMeasure, type Measure } from "../stats.ts";
import type { StoreBench } from "./sides.ts";

/** Messages in a second, beside both ways in which a bare store can commit them. The gateway is the same in both. */
export interface Walked {
  /** In as many commits as the gateway took. */
  readonly grouped: number;
  /** A commit for each step of each message. */
  readonly single: number;
}

export interface BareWalks {
  /** @param commits that the gateway took for as many messages */
  walk(of: { readonly messages: number; readonly steps: number; readonly commits: number }): Promise<Walked>;
  stop(): Promise<void>;
}

export function startBareWalks(bench: StoreBench, name: string): BareWalks {
  const bare = startAsked("bare-store.js", ["walks", path.join(bench.dir, `${name}.db`)]);
  const perSecond = async (of: Parameters<BareWalks["walk"]>[0]): Promise<number> =>
    (of.messages * 1000) / (await bare.ask<number>(of));
  return {
    async walk(of) {
      const grouped = await perSecond(of);
      return { grouped, single: await perSecond({ ...of, commits: of.messages * of.steps }) };
    },
    stop: () => bare.stop(),
  };
}

/** One measure for each of the two ways. */
export function walkedMeasures(
  name: string,
  rounds: readonly { readonly gateway: Walked | null; readonly floor: Walked }[],
): Measure[] {
  return [
    toMeasure(
      `${name}, a commit each`,
      "messages/s",
      roundsOf(rounds, (side) => side.single),
    ),
    toMeasure(
      `${name}, the same commits`,
      "messages/s",
      roundsOf(rounds, (side) => side.grouped),
    ),
  ];
}
