import { EXIT, RollcallError } from "../../core/errors.ts";
import { ENDED_STATES } from "../../core/entry.ts";
import type { Operations } from "../operations.ts";
import { span, type Invocation, type Run } from "../invocation.ts";
import { fieldObject, printJson } from "../print.ts";
import { withOperations } from "../with-operations.ts";

export const run: Run = (invocation) =>
  withOperations(invocation, async (on) => {
    const request = readRequest(invocation);
    const dryRun = invocation.flag("dry-run");
    const sums = new Map<string, number>();
    for (let more = true; more;) {
      const answer = await on.purge(request);
      for (const [state, n] of Object.entries(fieldObject(answer, "purged")))
        sums.set(state, (sums.get(state) ?? 0) + Number(n));
      more = answer["more"] === true;
    }
    const total = [...sums.values()].reduce((sum, n) => sum + n, 0);
    if (invocation.flag("json")) {
      printJson(invocation.terminal, { purged: Object.fromEntries(sums), total, dryRun });
      return EXIT.ok;
    }
    const parts = [...sums].map(([state, n]) => `${state} ${n}`).join(", ");
    const what = `${total} ${total === 1 ? "message" : "messages"} ${dryRun ? "would be purged" : "purged"}`;
    invocation.terminal.out(`${what}${parts === "" ? "" : ` (${parts})`}\n`);
    return EXIT.ok;
  });

/** @throws RollcallError `usage` */
function readRequest(invocation: Invocation): Parameters<Operations["purge"]>[0] {
  const [id, before, only] = [invocation.text("id"), invocation.text("before"), invocation.text("only")];
  if (id === undefined && before === undefined && only === undefined)
    throw new RollcallError("usage", {
      detail: "messages purge takes --only STATES, --before AGE, or --id ID",
    });
  if (id !== undefined && (before !== undefined || only !== undefined))
    throw new RollcallError("usage", { detail: "--id stands alone: it is one message, whatever its age" });
  span(invocation, "before");
  return {
    dryRun: invocation.flag("dry-run"),
    ...(id !== undefined && { id }),
    ...(before !== undefined && { before }),
    ...(only !== undefined && { states: only.split(",").map(readState) }),
  };
}

function readState(text: string): string {
  const state = ENDED_STATES.find((one) => one === text);
  if (state !== undefined) return state;
  throw new RollcallError("usage", { detail: `--only takes what is at its end: ${ENDED_STATES.join(", ")}` });
}
