import * as real from "../../../src/registry/registry.ts";
import { pass } from "../pass.ts";

export * from "../../../src/registry/registry.ts";

export const createRegistry: typeof real.createRegistry = (first) => {
  const registry = real.createRegistry(first);
  return {
    ...registry,
    publish(next) {
      pass("registry.publish:before");
      registry.publish(next);
      pass("registry.publish:after");
    },
  };
};
