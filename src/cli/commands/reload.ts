import { EXIT } from "../../core/errors.ts";
import { needGateway } from "../connect.ts";
import type { Run } from "../invocation.ts";
import { printJson } from "../print.ts";

/** Reads the configuration anew, and waits until that is decided. A refusal ends with its reasons. */
export const run: Run = async (invocation) => {
  const { terminal } = invocation;
  const { client } = needGateway(invocation);
  const answer = await client.post("/api/v1/reload", { dropAgents: invocation.texts("drop-agent") });
  if (invocation.flag("json")) printJson(terminal, answer);
  else terminal.out(`reloaded: generation ${String(answer["generation"])}\n`);
  return EXIT.ok;
};
