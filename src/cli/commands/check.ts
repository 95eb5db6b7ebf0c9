import type { Run } from "../invocation.ts";

export const run: Run = async (invocation) => {
  const { runCheck } = await import("../../gateway/check.ts");
  return runCheck({
    config: invocation.text("config"),
    state: invocation.text("state"),
    probe: invocation.flag("probe"),
    strict: invocation.flag("strict"),
    json: invocation.flag("json"),
    env: invocation.terminal.env,
    cwd: invocation.terminal.cwd,
  });
};
