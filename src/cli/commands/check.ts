import { EXIT } from "../../core/errors.ts";
import type { Run } from "../invocation.ts";

export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const { runCheck } = await import("../../gateway/check.ts");
  const exit = await runCheck({
    config: invocation.text("config"),
    state: invocation.text("state"),
    probe: invocation.flag("probe"),
    strict: invocation.flag("strict"),
    json: invocation.flag("json"),
    env: terminal.env,
    cwd: terminal.cwd,
  });
  if (exit === EXIT.findings)
    terminal.err("rollcall: there are warnings; mend what they name, or check without --strict\n");
  else if (exit !== EXIT.ok)
    terminal.err("rollcall: a start would not serve every agent; mend the faults that are listed\n");
  return exit;
};
