import assert from "node:assert/strict";
import { test } from "node:test";
import {
  classifyExit,
  classifyResult,
  classifyRetry,
  protocolFailure,
  type ErrorFacts,
} from "../../src/harnesses/claude-cli/classify.ts";
import { limitEnd } from "../../src/harnesses/claude-cli/limit-end.ts";
import { DAY, HOUR, MINUTE } from "../../src/core/time.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 0);

function facts(over: Partial<ErrorFacts>): ErrorFacts {
  return {
    text: "API Error",
    status: null,
    errorType: null,
    terminal: "api_error",
    stop: null,
    error: null,
    resetsAt: null,
    ...over,
  };
}

const RESULTS: readonly (readonly [Partial<ErrorFacts>, string, string])[] = [
  // as the program tells it
  [
    { error: "authentication_failed", text: "Not logged in · Please run /login" },
    "structural",
    "harness-login",
  ],
  [
    { error: "authentication_failed", status: 401, text: "Invalid API key · Fix external API key" },
    "structural",
    "harness-login",
  ],
  [{ error: "account_on_hold", text: "…" }, "structural", "harness-login"],
  [{ error: "oauth_org_not_allowed", status: 403 }, "structural", "harness-login"],
  [{ error: "model_not_found", status: 404, errorType: "not_found_error" }, "structural", "harness-model"],
  [{ error: "rate_limit", status: 429 }, "wait", "harness-limit"],
  [{ error: "billing_error", status: 400, text: "Credit balance is too low" }, "wait", "harness-limit"],
  [{ error: "server_error", status: 529, errorType: "overloaded_error" }, "failed", "harness-overloaded"],
  [{ error: "server_error", status: 500, errorType: "api_error" }, "failed", "harness-failed"],
  [
    { error: "server_error", text: "API Error: Connection to the API was lost (ECONNRESET)." },
    "failed",
    "harness-failed",
  ],
  [{ error: "invalid_request", status: 400, terminal: "prompt_too_long" }, "refused", "turn-refused"],
  [{ error: "max_output_tokens" }, "refused", "turn-refused"],
  [{ stop: "refusal", text: "API Error: the safeguards flagged this message" }, "refused", "turn-refused"],
  [{ terminal: "aborted_streaming", text: "" }, "cancelled", "turn-interrupted"],
  [{ terminal: "aborted_tools", text: "" }, "cancelled", "turn-interrupted"],
  // as only the text tells it
  [{ text: "Not logged in · Please run /login" }, "structural", "harness-login"],
  [{ text: "OAuth token revoked · Please run /login" }, "structural", "harness-login"],
  [
    { text: 'API Error: 401 {"type":"error","error":{"type":"authentication_error"}}' },
    "structural",
    "harness-login",
  ],
  [{ text: "There's an issue with the selected model (x). It may not exist" }, "structural", "harness-model"],
  [
    { text: 'API Error: 404 {"error":{"type":"not_found_error","message":"model: x"}}' },
    "structural",
    "harness-model",
  ],
  [{ text: "Claude AI usage limit reached|1795370400" }, "wait", "harness-limit"],
  [{ text: "You've hit your session limit · resets 3pm" }, "wait", "harness-limit"],
  [{ text: "5-hour limit reached ∙ resets 3pm" }, "wait", "harness-limit"],
  [{ text: "API Error: Repeated 529 Overloaded errors" }, "failed", "harness-overloaded"],
  [{ text: "something new" }, "failed", "harness-failed"],
];

test("every erroneous result has its class", () => {
  for (const [over, kind, code] of RESULTS) {
    const failure = classifyResult(facts(over), NOW);
    assert.deepEqual([failure.class, failure.code], [kind, code], JSON.stringify(over));
    assert.ok(failure.detail.length < 1000);
  }
});

test("a refused message says what the model said, bounded", () => {
  const { said } = classifyResult(facts({ stop: "refusal", text: `API Error: ${"no ".repeat(1000)}` }), NOW);
  assert.ok(said?.startsWith("no no") === true && said.length <= 500);
});

test("the end of a limit comes from beside the text first", () => {
  const told = facts({ error: "rate_limit", text: "resets 3pm", resetsAt: NOW + HOUR });
  assert.equal(classifyResult(told, NOW).until, NOW + HOUR);
  assert.equal(classifyResult(facts({ error: "rate_limit", text: "no time" }), NOW).until, undefined);
});

test("a retry is waited for, unless it can't help or takes too long", () => {
  const retry = (status: number | null, delayMs: number, error = "x") =>
    classifyRetry({ status, delayMs, error }, NOW);
  assert.equal(retry(401, 500)?.code, "harness-login");
  assert.equal(retry(null, 500, "authentication_failed")?.code, "harness-login");
  assert.equal(retry(429, 500), undefined);
  assert.deepEqual([retry(429, 36_000)?.class, retry(429, 36_000)?.until], ["wait", NOW + 36_000]);
  assert.equal(retry(500, 60_000), undefined);
  assert.equal(retry(529, 500), undefined);
  assert.equal(retry(null, 500), undefined);
});

test("an exit without an answer says how, and its last words", () => {
  const exit = (code: number | null, signal: string | null, stderr = "") =>
    classifyExit({ code, signal }, stderr);
  assert.deepEqual(
    [exit(0, null).code, exit(0, null).detail],
    ["harness-exited", "exit code 0, without an answer"],
  );
  assert.equal(exit(1, null, "boom\n").detail, "exit code 1; last words: boom");
  assert.equal(exit(null, "SIGKILL").detail, "ended by signal SIGKILL");
  assert.equal(exit(1, null, "Not logged in · Please run /login").code, "harness-login");
  assert.deepEqual(
    [exit(1, null, "error: unknown option '--x'").class, exit(1, null, "error: unknown option '--x'").code],
    ["structural", "harness-protocol"],
  );
  assert.ok(exit(1, null, "x".repeat(9000)).detail.length < 600);
});

test("a protocol error keeps a bounded sample without control characters", () => {
  const { detail } = protocolFailure("a line", `\u001B[31m${"x".repeat(5000)}`);
  assert.ok(detail.length < 700);
  assert.equal(detail.includes("\u001B"), false);
});

test("the end of a limit is read from the program's texts", () => {
  const utc = (text: string): number | undefined => limitEnd(text, NOW);
  const rows: readonly (readonly [string, number | undefined])[] = [
    [`usage limit reached|${(NOW + HOUR) / 1000}`, NOW + HOUR],
    ["resets in 2h 5m", NOW + 2 * HOUR + 5 * MINUTE],
    ["try again in 45 seconds", NOW + 45_000],
    ["resets in 3 days", NOW + 3 * DAY],
    ["resets 3pm (UTC)", NOW + 3 * HOUR],
    ["resets at 12:30pm (UTC)", NOW + 30 * MINUTE],
    ["resets 11am (UTC)", NOW + 23 * HOUR],
    ["resets 12am (UTC)", NOW + 12 * HOUR],
    ["resets 3pm (Europe/Berlin)", NOW + 2 * HOUR],
    ["resets 3pm (America/New_York)", NOW + 8 * HOUR],
    ["resets Nov 25, 9am (UTC)", Date.UTC(2026, 10, 25, 9)],
    ["resets Nov 25 at 9:15am (UTC)", Date.UTC(2026, 10, 25, 9, 15)],
    ["resets Jan 2, 9am (UTC)", undefined],
    ["resets Nov 1, 9am (UTC)", undefined],
    ["resets Foo 2, 9am (UTC)", undefined],
    ["usage limit reached|1700000000", undefined],
    ["no time at all", undefined],
    ["", undefined],
  ];
  for (const [text, end] of rows) assert.equal(utc(text), end, text);
});

test("a clock time without a zone, or with an unknown one, is the machine's own", () => {
  const own = new Date(NOW);
  own.setHours(23, 59, 0, 0);
  const end = own.getTime() > NOW ? own.getTime() : own.getTime() + DAY;
  assert.equal(limitEnd("resets 11:59pm", NOW), end);
  assert.equal(limitEnd("resets 11:59pm (Nowhere/At_All)", NOW), end);
});
