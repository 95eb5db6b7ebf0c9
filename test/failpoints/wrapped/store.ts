import type { Store } from "../../../src/ports/store.ts";
import * as real from "../../../src/store/sqlite/open.ts";
import { around } from "../pass.ts";
import { STORE_STEPS } from "../points.ts";

export * from "../../../src/store/sqlite/open.ts";

export const openStore: typeof real.openStore = async (options) => {
  const store = await around("store.open", () => real.openStore(options));
  const steps = STORE_STEPS.map((step) => [step, pointed(step, store[step])] as const);
  return { ...store, ...(Object.fromEntries(steps) as unknown as Pick<Store, StoreStep>) };
};

type StoreStep = (typeof STORE_STEPS)[number];

function pointed(step: StoreStep, run: Store[StoreStep]): (...args: never[]) => Promise<unknown> {
  const call = run as (...args: never[]) => Promise<unknown>;
  return (...args) => around(`store.${step}`, () => call(...args));
}
