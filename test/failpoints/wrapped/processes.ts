import * as real from "../../../src/platform/processes.ts";
import { around } from "../pass.ts";

export * from "../../../src/platform/processes.ts";

export const createProcesses: typeof real.createProcesses = (deps) => {
  const processes = real.createProcesses(deps);
  return {
    ...processes,
    spawn: (spec) => around("process.spawn", () => processes.spawn(spec)),
    reap: (custody) => around("process.reap", () => processes.reap(custody)),
  };
};
