import type { PermissionRule } from "../../ports/harness.ts";
import type { Frame } from "./frames.ts";

/** What is written back, and whether it was allowed. */
export interface PermissionAnswer {
  readonly allowed: boolean;
  readonly message: unknown;
}

type Asked = Extract<Frame, { type: "permission" }>;

/** Answers a question for a permission by rule. Pure. */
export function answerPermission(asked: Asked, rule: PermissionRule): PermissionAnswer {
  const allowed = rule.policy !== "deny" && rule.allow.includes(asked.tool);
  const response = allowed
    ? { behavior: "allow", updatedInput: asked.input ?? {} }
    : { behavior: "deny", message: refusal(asked.tool, rule) };
  return {
    allowed,
    message: {
      type: "control_response",
      response: { subtype: "success", request_id: asked.request, response },
    },
  };
}

/** The agent reads this, and tells it on. */
function refusal(tool: string, rule: PermissionRule): string {
  const how = "The owner of this gateway can add it to permissions.allow of this agent.";
  if (rule.policy === "ask")
    return `${tool} needs a permission, and nobody can be asked for it from here. ${how} Don't try again in this turn.`;
  return `${tool} is not allowed here. ${how} Don't try again in this turn.`;
}

/** What else the program asks of its host, which this host doesn't have. */
export function refuseRequest(request: string, subtype: string): unknown {
  return {
    type: "control_response",
    response: { subtype: "error", request_id: request, error: `this host has no ${subtype}` },
  };
}
