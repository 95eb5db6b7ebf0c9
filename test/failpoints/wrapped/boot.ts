import * as real from "../../../src/boot/boot.ts";
import { pass } from "../pass.ts";

export * from "../../../src/boot/boot.ts";

export const createBoot: typeof real.createBoot = (...args) => {
  const boot = real.createBoot(...args);
  return {
    ...boot,
    async phase(name, deadline, run) {
      const result = await boot.phase(name, deadline, run);
      pass(`boot.${name}:after`);
      return result;
    },
  };
};
