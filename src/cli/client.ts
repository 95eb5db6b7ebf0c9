import { Readable } from "node:stream";
import type { ReadableStream as WebReadable } from "node:stream/web";
import { codeOf, ERRORS, messageOf, RollcallError, type ErrorCode } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import { createEventParser, type ServerEvent } from "./event-parser.ts";

export type Json = Readonly<Record<string, unknown>>;

/** A running gateway's API. Every method throws RollcallError: what the gateway said, or `gateway-unreachable`. */
export interface Client {
  readonly url: string;
  get(path: string): Promise<Json>;
  post(path: string, body: Json): Promise<Json>;
  delete(path: string): Promise<Json>;
  /** What it answers, as bytes. Cut off, they end with an error. */
  download(path: string, body: Json): Promise<Readable>;
  /**
   * Events from now on, or after `lastId`. Resolves when they are being sent; the iteration ends when the connection
   * does, or is silent for longer than a heartbeat may be late.
   */
  events(lastId: string | null, signal: AbortSignal): Promise<AsyncIterable<ServerEvent>>;
}

interface RequestOptions {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const REQUEST: Duration = 60 * SECOND;
/** Three heartbeats of the gateway. */
const SILENCE: Duration = 45 * SECOND;

export function createClient(url: string, token: string): Client {
  const base = url.replace(/\/+$/, "");
  const call = async (method: string, path: string, options: RequestOptions): Promise<Response> => {
    try {
      const response = await fetch(base + path, {
        ...options,
        method,
        redirect: "error",
        headers: { authorization: `Bearer ${token}`, ...options.headers },
      });
      if (response.ok) return response;
      throw await problemOf(response);
    } catch (error) {
      throw error instanceof RollcallError ? error : unreachable(base, error);
    }
  };
  const json = async (method: string, path: string, body?: Json): Promise<Json> => {
    const response = await call(method, path, bodyOf(body, AbortSignal.timeout(REQUEST)));
    return readJson(
      await response.text().catch((error: unknown) => Promise.reject(unreachable(base, error))),
    );
  };
  return {
    url: base,
    get: (path) => json("GET", path),
    post: (path, body) => json("POST", path, body),
    delete: (path) => json("DELETE", path),
    download: async (path, body) => bytesOf(await call("POST", path, bodyOf(body, endless))),
    async events(lastId, signal) {
      const silence = new AbortController();
      const headers = lastId === null ? undefined : { "last-event-id": lastId };
      const response = await call("GET", "/api/v1/events", {
        signal: AbortSignal.any([signal, silence.signal]),
        ...(headers && { headers }),
      });
      return readEvents(response, () => silence.abort());
    },
  };
}

function bodyOf(body: Json | undefined, signal: AbortSignal): RequestOptions {
  if (body === undefined) return { signal };
  return { signal, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

/** What takes as long as it takes. */
const endless = new AbortController().signal;

function bytesOf({ body }: Response): Readable {
  return Readable.fromWeb((body ?? new ReadableStream()) as WebReadable);
}

async function* readEvents(response: Response, cut: () => void): AsyncGenerator<ServerEvent> {
  const parser = createEventParser();
  const decoder = new TextDecoder();
  let timer = setTimeout(cut, SILENCE);
  try {
    for await (const chunk of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(cut, SILENCE);
      yield* parser(decoder.decode(chunk, { stream: true }));
    }
  } catch (error) {
    // A cut connection ends the events; whoever listens asks again. What else could go wrong here is a bug.
    if (!isCut(error)) throw error;
  } finally {
    clearTimeout(timer);
    cut();
  }
}

function isCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "AbortError" || error instanceof TypeError || codeOf(error) !== undefined;
}

function readJson(text: string): Json {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Json) : {};
  } catch (error) {
    throw new RollcallError("gateway-unreachable", {
      detail: "what answers there is not a Rollcall",
      cause: error,
    });
  }
}

/** What the gateway said, as the error that it meant. */
async function problemOf(response: Response): Promise<RollcallError> {
  const text = await response.text();
  const problem = text.startsWith("{") ? readJson(text) : {};
  const { code, detail, fix } = problem;
  const known = typeof code === "string" && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : undefined;
  return new RollcallError(known ?? byStatus(response.status), {
    ...(typeof detail === "string"
      ? { detail }
      : known === undefined && { detail: `HTTP ${response.status}` }),
    ...(typeof fix === "string" && { fix }),
  });
}

function byStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 404) return "gateway-unreachable";
  if (status === 413) return "request-too-large";
  return status >= 500 ? "gateway-not-ready" : "request-malformed";
}

function unreachable(url: string, error: unknown): RollcallError {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  const why = timedOut ? `no answer within ${REQUEST / SECOND}s` : (codeOf(cause) ?? messageOf(cause));
  return new RollcallError("gateway-unreachable", { detail: `${url} (${why})`, cause: error });
}
