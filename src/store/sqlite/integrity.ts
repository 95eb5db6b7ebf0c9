import type { IntegrityStore } from "../../ports/integrity.ts";
import type { StoreContext } from "./context.ts";

export function createIntegrity({ damages }: StoreContext): IntegrityStore {
  return {
    onDamage: (watch) => damages.watch(watch),
    scan: async () => null,
  };
}
