import type { Failure } from "../../core/failure.ts";
import type { Instant } from "../../core/time.ts";
import type { Exit } from "../../ports/process.ts";
import type { ResultFrame } from "./frames.ts";
import { limitEnd } from "./limit-end.ts";
import { CLAUDE_LIMITS } from "./limits.ts";

/** What is known of a turn that ended with an error. */
export interface ErrorFacts extends Pick<ResultFrame, "text" | "status" | "errorType" | "terminal" | "stop"> {
  /** The program's own class of an API error, e.g. `authentication_failed`. */
  readonly error: string | null;
  /** End of the plan's limit, as told beside the text. */
  readonly resetsAt: Instant | null;
}

const LOGIN = new Set([
  "authentication_failed",
  "oauth_org_not_allowed",
  "account_on_hold",
  "verification_required",
  "cloud_credential_error",
]);
const LOGIN_TEXT =
  /not logged in|run \/login|sign in again|invalid api key|oauth token|login expired|authentication_error|failed to authenticate/i;
const MODEL_TEXT = /issue with the selected model|model_not_found|not_found_error[^]*model/i;
const LIMIT_TEXT =
  /(?:limit|cap) reached|hit your (?:[\w-]+ )*limit|rate.?limit|out of (?:extra usage|usage credits)|credit balance/i;

/**
 * Says what kind of failure an erroneous result is. The program's own classes and the API's status come first; the
 * texts are for versions that tell neither. Pure.
 */
export function classifyResult(facts: ErrorFacts, now: Instant): Failure {
  const { text, status, error, errorType } = facts;
  const detail = describe(facts);
  if (facts.terminal?.startsWith("aborted") === true)
    return { class: "cancelled", code: "turn-interrupted", detail };
  if (facts.stop === "refusal") return refused(detail, text);
  if (LOGIN.has(error ?? "") || status === 401 || status === 403 || LOGIN_TEXT.test(text))
    return { class: "structural", code: "harness-login", detail };
  if (error === "model_not_found" || status === 404 || MODEL_TEXT.test(text))
    return { class: "structural", code: "harness-model", detail };
  if (error === "rate_limit" || error === "billing_error" || status === 429 || LIMIT_TEXT.test(text))
    return limited(detail, facts.resetsAt ?? limitEnd(text, now));
  if (
    error === "overloaded" ||
    status === 529 ||
    errorType === "overloaded_error" ||
    /overloaded/i.test(text)
  )
    return { class: "failed", code: "harness-overloaded", detail };
  const ours = error === "invalid_request" || error === "max_output_tokens";
  if (ours || facts.terminal === "prompt_too_long" || status === 400 || status === 413 || status === 422)
    return refused(detail, text);
  return { class: "failed", code: "harness-failed", detail };
}

/** A retry that isn't worth waiting for: undefined for one that is. Pure. */
export function classifyRetry(
  retry: { readonly status: number | null; readonly delayMs: number; readonly error: string },
  now: Instant,
): Failure | undefined {
  const detail = `${retry.status ?? "no status"}: ${retry.error}`;
  if (retry.status === 401 || LOGIN.has(retry.error))
    return { class: "structural", code: "harness-login", detail };
  if (retry.status === 429 && retry.delayMs > CLAUDE_LIMITS.retryWait)
    return limited(detail, now + retry.delayMs);
  return undefined;
}

/** What the end of a process says that had no answer. Pure. */
export function classifyExit(exit: Exit, stderr: string): Failure {
  const words = stderr.trim().slice(-CLAUDE_LIMITS.sample);
  const how = exit.signal === null ? `exit code ${exit.code ?? "unknown"}` : `ended by signal ${exit.signal}`;
  const quiet = exit.code === 0 ? ", without an answer" : "";
  const detail = `${how}${quiet}${words === "" ? "" : `; last words: ${words}`}`;
  if (LOGIN_TEXT.test(words)) return { class: "structural", code: "harness-login", detail };
  if (/unknown option/i.test(words)) return { class: "structural", code: "harness-protocol", detail };
  return { class: "failed", code: "harness-exited", detail };
}

/** Whether a process ended because it doesn't know the session that it was asked to go on with. */
export function isUnknownSession(stderr: string): boolean {
  return stderr.includes("No conversation found with session ID");
}

/** Words that aren't the protocol, with a bounded sample of them. */
export function protocolFailure(what: string, sample: string): Failure {
  const shown = JSON.stringify(sample.slice(0, CLAUDE_LIMITS.sample).toWellFormed());
  return { class: "protocol", code: "harness-protocol", detail: `${what}: ${shown}` };
}

function limited(detail: string, until: Instant | undefined): Failure {
  return { class: "wait", code: "harness-limit", detail, ...(until !== undefined && { until }) };
}

function refused(detail: string, text: string): Failure {
  const said = text
    .replace(/^API Error:\s*/, "")
    .slice(0, CLAUDE_LIMITS.sample)
    .toWellFormed();
  return { class: "refused", code: "turn-refused", detail, ...(said !== "" && { said }) };
}

function describe(facts: ErrorFacts): string {
  const parts = [facts.status, facts.error ?? facts.errorType, facts.terminal].filter(
    (part) => part !== null,
  );
  return `${parts.join(" ")}${parts.length > 0 ? ": " : ""}${facts.text.slice(0, CLAUDE_LIMITS.sample).toWellFormed()}`;
}
