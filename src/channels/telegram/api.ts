import type { ReadStream } from "node:fs";
import { Api, GrammyError, HttpError } from "grammy";
import type { ApiClientOptions } from "grammy";
import { messageOf } from "../../core/errors.ts";
import { SECOND, type Duration } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { AnswerTooLarge, readBody, RequestFailed, type Aborting, type Network } from "../network.ts";
import { asObject } from "./json.ts";

/** Largest answer that is read: four times a hundred full messages with all their formatting. */
const ANSWER_BYTES = 16 * 1024 * 1024;

/** Why a call failed. Only `unreached` is safe to repeat blindly. */
export type ApiFault =
  /** The platform answered with an error: what was asked for was not done. */
  | {
      readonly kind: "answered";
      readonly code: number;
      readonly description: string;
      /** With 429: not again before this. */
      readonly retryAfter: Duration | null;
      /** The group is a supergroup now, under this id. */
      readonly migrateTo: string | null;
    }
  /** No byte of the request can have arrived. */
  | { readonly kind: "unreached"; readonly detail: string }
  /** The request may have arrived, and may have been done. */
  | {
      readonly kind: "lost";
      readonly detail: string;
      /** The answer was too large to be read; this is how it begins. */
      readonly head?: string;
    };

export type ApiResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: ApiFault };

export type RawApi = Api["raw"];
export type ApiSignal = NonNullable<Parameters<RawApi["getMe"]>[0]>;

/** The Bot API of one token. Every call has its own deadline and says how it failed; none throws. */
export interface TelegramApi {
  call<T>(
    deadline: Duration,
    signal: AbortSignal,
    run: (raw: RawApi, signal: ApiSignal) => Promise<T>,
  ): Promise<ApiResult<T>>;
  /** Where a file that `getFile` named can be read. Holds the token: never logged. */
  fileUrl(filePath: string): URL;
  readonly network: Network;
}

export interface ApiOptions {
  readonly token: string;
  readonly apiRoot: string;
  readonly network: Network;
  readonly clock: Clock;
}

/** Makes the client. Every request goes through `network`, whatever it is for. */
export function createTelegramApi(options: ApiOptions): TelegramApi {
  const { token, apiRoot, network, clock } = options;
  const { raw } = new Api(token, { apiRoot, fetch: fetchThrough(network) });
  return {
    network,
    fileUrl: (filePath) =>
      new URL(`${apiRoot}/file/bot${token}/${filePath.split("/").map(encodeURIComponent).join("/")}`),
    async call(deadline, signal, run) {
      const limit = new AbortController();
      const cancel = clock.timer(deadline, () => limit.abort());
      try {
        // The library's type is of another package's signal, with the same members.
        const both = AbortSignal.any([signal, limit.signal]) as unknown as ApiSignal;
        return { ok: true, value: await run(raw, both) };
      } catch (error) {
        const fault = faultOf(error);
        const late = limit.signal.aborted && !signal.aborted && fault.kind !== "answered";
        return {
          ok: false,
          fault: late ? { ...fault, detail: `no answer within ${deadline / SECOND} s` } : fault,
        };
      } finally {
        cancel();
      }
    },
  };
}

type Fetch = NonNullable<ApiClientOptions["fetch"]>;

/** The library's `fetch`, over our own network. It uses nothing of the response but `json()`. */
function fetchThrough(network: Network): Fetch {
  const run = async (url: string | URL, init: unknown): Promise<{ json(): Promise<unknown> }> => {
    const { headers, body, signal } = init as {
      headers: Record<string, string>;
      body: string | ReadStream;
      signal: Aborting;
    };
    const answer = await network.request(new URL(url), { method: "POST", headers, body, signal });
    const text = (await readBody(answer, ANSWER_BYTES)).toString("utf8");
    return { json: async () => parseAnswer(text, answer.statusCode ?? 0) };
  };
  return run;
}

/** A proxy or a load balancer may answer in the platform's stead: with 4xx nothing was done, with 5xx nobody knows. */
function parseAnswer(text: string, status: number): unknown {
  const answer = asObject(parseJson(text));
  if (answer !== undefined && typeof answer["ok"] === "boolean") return answer;
  if (status >= 400 && status < 500) return { ok: false, error_code: status, description: `HTTP ${status}` };
  throw new RequestFailed(`HTTP ${status} without an answer of the Bot API`, true);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Sorts what the client threw. Messages of the client never hold the address, which has the token in it. */
export function faultOf(error: unknown): ApiFault {
  if (error instanceof GrammyError) {
    // The platform's own failure: nobody knows how far it came.
    if (error.error_code >= 500) return { kind: "lost", detail: error.description };
    const { retry_after: wait, migrate_to_chat_id: to } = error.parameters;
    return {
      kind: "answered",
      code: error.error_code,
      description: error.description,
      retryAfter: error.error_code === 429 ? Math.max(1, wait ?? 1) * SECOND : null,
      migrateTo: to === undefined ? null : String(to),
    };
  }
  const cause = error instanceof HttpError ? error.error : error;
  if (cause instanceof AnswerTooLarge)
    return { kind: "lost", detail: cause.message, head: cause.head.toString("utf8") };
  if (cause instanceof RequestFailed) {
    return { kind: cause.reached ? "lost" : "unreached", detail: cause.message };
  }
  return { kind: "lost", detail: messageOf(cause) };
}

/** A fault in words, for the operator. */
export function describeFault(fault: ApiFault): string {
  return fault.kind === "answered" ? `${fault.code} ${fault.description}` : fault.detail;
}
