import * as real from "../../../src/sessions/recover.ts";
import { around } from "../pass.ts";

export * from "../../../src/sessions/recover.ts";

export const recoverTurns: typeof real.recoverTurns = (deps) =>
  around("recover.turns", () => real.recoverTurns(deps));
