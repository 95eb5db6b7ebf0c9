import type { Config } from "../core/config.ts";
import { EXIT, type ErrorCode, type RollcallError } from "../core/errors.ts";
import { unregisteredLine } from "../registry/build.ts";
import type { Refusal } from "../registry/reload.ts";
import type { Plans } from "./plan.ts";

/** What a start with the configuration as it is on the disk would come to. */
export interface NextStart {
  readonly ok: boolean;
  readonly code: ErrorCode | null;
  /** Never with a value of the configuration in it. */
  readonly reason: string | null;
}

export const NEXT_START_FINE: NextStart = { ok: true, code: null, reason: null };

/** What a start would say to a configuration that can't be read, checked or planned. Pure. */
export function nextStartAfter(error: RollcallError): NextStart {
  const fatal = error.exit === EXIT.config || error.exit === EXIT.unresolved;
  return fatal ? { ok: false, code: error.code, reason: error.detail ?? error.message } : NEXT_START_FINE;
}

/** What a start would say to one that was planned. @param refusals what its probes found against it. Pure. */
export function nextStartOf(config: Config, plans: Plans, refusals: readonly Refusal[]): NextStart {
  const [missing] = plans.unregistered;
  if (missing !== undefined && config.gateway.boot.unregistered === "exit") {
    const reason = unregisteredLine(missing, [...plans.harnesses.keys()]);
    return { ok: false, code: "harness-unregistered", reason };
  }
  const unserved = refusals.find(({ code }) => code === "agent-unavailable");
  if (unserved !== undefined && config.gateway.boot.unavailable === "exit")
    return { ok: false, code: unserved.code, reason: unserved.detail };
  return NEXT_START_FINE;
}
