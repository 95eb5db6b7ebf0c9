import * as real from "../../../src/outbox/outbox.ts";
import { around } from "../pass.ts";

export * from "../../../src/outbox/outbox.ts";

export const createOutbox: typeof real.createOutbox = (...args) => {
  const outbox = real.createOutbox(...args);
  return { ...outbox, recover: () => around("recover.outbox", () => outbox.recover()) };
};
