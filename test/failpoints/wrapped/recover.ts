import * as real from "../../../src/sessions/recover.ts";
import { around } from "../pass.ts";

export * from "../../../src/sessions/recover.ts";

export const createRecovery: typeof real.createRecovery = (deps) => {
  const recovery = real.createRecovery(deps);
  return {
    ...recovery,
    reap: (patience) => around("recover.reap", () => recovery.reap(patience)),
    begin: () => around("recover.turns", () => recovery.begin()),
  };
};
