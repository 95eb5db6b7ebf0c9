import type { IncomingMessage, ServerResponse } from "node:http";
import { ERRORS, type ErrorCode } from "../../../src/core/errors.ts";

/** Thrown by a route of the fake: answered as a problem. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  constructor(code: ErrorCode, detail?: string) {
    super(code);
    this.name = "Refusal";
    this.code = code;
    this.detail = detail;
  }
}

const HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy":
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** The headers that the gateway sends with everything. */
export function head(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, { ...HEADERS, ...headers });
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  head(response, status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(value));
}

export function sendRefusal(response: ServerResponse, { code, detail }: Refusal): void {
  const row = ERRORS[code];
  head(response, row.status, { "content-type": "application/problem+json" });
  response.end(
    JSON.stringify({
      type: `urn:rollcall:error:${code}`,
      title: row.summary,
      status: row.status,
      detail,
      code,
      fix: row.fix,
    }),
  );
}

/** The body of a write, as strictly as the gateway reads it. */
export async function readBody(
  request: IncomingMessage,
  fields: readonly string[],
): Promise<Record<string, unknown>> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) throw new Refusal("media-type");
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Record<string, unknown>;
  for (const key of Object.keys(body)) {
    if (!fields.includes(key)) throw new Refusal("request-malformed", `${key} is not a field`);
  }
  return body;
}

export function readQuery(url: URL, names: readonly string[]): Readonly<Record<string, string | undefined>> {
  for (const name of url.searchParams.keys()) {
    if (!names.includes(name)) throw new Refusal("request-malformed", `${name} is not a parameter`);
  }
  return Object.fromEntries(url.searchParams);
}
