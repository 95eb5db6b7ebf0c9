import * as real from "../../../src/inbox/accept.ts";
import { around } from "../pass.ts";

export * from "../../../src/inbox/accept.ts";

export const createInbox: typeof real.createInbox = (deps) => {
  const inbox = real.createInbox(deps);
  return { ...inbox, accept: (batch) => around("intake.accept", () => inbox.accept(batch)) };
};
