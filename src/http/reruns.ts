import { formatAddress } from "../core/address.ts";
import { RollcallError } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import type { RerunPlan } from "../ports/operate.ts";
import { actorOf } from "./actor.ts";
import { json, type Answer } from "./answer.ts";
import { malformed, optionalText, readFields } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { messageJson } from "./message-json.ts";
import { param, type Call, type Context } from "./router.ts";
import { checkAgent } from "./send-message.ts";
import { agentJson } from "./status-json.ts";

/** `POST /api/v1/messages/:id/rerun`: an ended message anew, as a new message; with `dryRun` only what would happen. */
export async function rerunMessage(context: Context, call: Call): Promise<Answer> {
  const fields = readFields(await call.body(), ["agent", "dryRun"]);
  const agent = optionalText(fields, "agent", { max: HTTP_LIMITS.nameUnits }) ?? null;
  const { dryRun = false } = fields;
  if (typeof dryRun !== "boolean") throw malformed("dryRun", "is neither true nor false");
  checkAgent(context, agent);
  const { operate, store } = context.deps;
  const id = param(call, "id") as MessageId;
  if (dryRun) return json(200, { plan: planJson(await operate.planRerun(id, agent)) });
  const fresh = (await operate.rerun(id, agent, actorOf(call.caller))).id;
  const stored = await store.message(fresh);
  if (stored === null) throw new RollcallError("no-such-id", { at: "id" });
  return json(202, { message: messageJson(stored, false) }, { location: `/api/v1/messages/${fresh}` });
}

/** `POST /api/v1/messages/retry`: every dead message again, of one agent or of all. */
export async function retryDead(context: Context, call: Call): Promise<Answer> {
  const fields = readFields(await call.body(), ["dead", "agent"]);
  if (fields["dead"] !== true) throw malformed("dead", "must be true");
  const agent = optionalText(fields, "agent", { max: HTTP_LIMITS.nameUnits }) ?? null;
  checkAgent(context, agent);
  const retried = await context.deps.operate.retryDead(agent, actorOf(call.caller));
  return json(200, { retried: retried.length, messages: retried.slice(0, HTTP_LIMITS.list) });
}

/** A plan as the API shows it. Pure. */
function planJson(plan: RerunPlan): Readonly<Record<string, unknown>> {
  const { entry, candidates, answerTo, agent, ...rest } = plan;
  const known = agentJson({ id: agent, servable: candidates.some((one) => one.available), candidates });
  return {
    id: entry.id,
    agent,
    ...rest,
    candidates: known["candidates"],
    text: entry.body.text,
    answerTo: formatAddress(answerTo),
  };
}
