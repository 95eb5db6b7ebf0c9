import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { RollcallError } from "../core/errors.ts";
import { problemOf, type Problem } from "./problem.ts";

/** What a route answers with. */
export interface Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** On every answer. The policy allows nothing inline and nothing from elsewhere. */
const ALWAYS: OutgoingHttpHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy":
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

export function json(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(value),
  };
}

/** An error as an answer, with the headers that its code asks for. */
export function problemAnswer(
  error: RollcallError,
  extra: Pick<Problem, "id" | "reasons"> = {},
  headers: OutgoingHttpHeaders = {},
): Answer {
  return json(error.status, problemOf(error, extra), {
    "content-type": "application/problem+json",
    ...(error.code === "unauthorized" && { "www-authenticate": 'Bearer realm="rollcall"' }),
    ...((error.status === 503 || error.status === 429) && { "retry-after": "5" }),
    ...headers,
  });
}

/** The headers that every answer carries, with those of this one. */
export function withStandardHeaders(headers: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return { ...ALWAYS, ...headers };
}

/** Writes an answer. `head`: without its body, as HEAD asks. */
export function sendAnswer(response: ServerResponse, answer: Answer, head: boolean): void {
  if (response.headersSent || response.destroyed) return;
  const body = answer.body ?? "";
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  const headers = withStandardHeaders(answer.headers);
  if (answer.status !== 204) headers["content-length"] = length;
  response.writeHead(answer.status, headers);
  response.end(head || answer.status === 204 ? undefined : body);
}
