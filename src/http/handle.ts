import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf, RollcallError, toRollcallError } from "../core/errors.ts";
import { problemAnswer, sendAnswer, type Answer } from "./answer.ts";
import { ANONYMOUS, type Authenticate, type Caller } from "./auth.ts";
import { answerHealth, isHealthPath } from "./health-paths.ts";
import { hostAllowed } from "./host.ts";
import { HTTP_LIMITS } from "./limits.ts";
import type { Page } from "./page.ts";
import { isLoopback, originOf, plainAddress, type Origin } from "./peer.ts";
import { readJsonBody } from "./read-body.ts";
import { matchRoute, type Call, type Context, type Route } from "./router.ts";
import { ROUTES } from "./routes.ts";
import { checkCrossSite } from "./sign-in-routes.ts";

/** What a request is handled with. */
export interface HandlerParts {
  readonly context: Context;
  readonly authenticate: Authenticate;
  readonly trusted: (address: string) => boolean;
  readonly page: Page;
  /** Where the server listens now. */
  readonly bound: () => { readonly host: string; readonly port: number };
  /** Aborts when the client has gone or the server closes. */
  readonly signalOf: (response: ServerResponse) => AbortSignal;
}

const READS = ["GET", "HEAD"];

/** Handles every request: health first and at once, then host, path, caller, origin, and the route itself. */
export function createHandler(
  parts: HandlerParts,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const head = request.method === "HEAD";
    const [path, search] = splitTarget(request.url ?? "");
    try {
      if (isHealthPath(path)) {
        sendAnswer(response, healthAnswer(parts, request, path, search), head);
        return;
      }
    } catch (error) {
      sendAnswer(response, refusal(parts, request, path, error), head);
      return;
    }
    void respond(parts, request, response, { path, search, head });
  };
}

function splitTarget(target: string): readonly [string, string] {
  const mark = target.indexOf("?");
  return mark === -1 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
}

function healthAnswer(
  parts: HandlerParts,
  request: IncomingMessage,
  path: Parameters<typeof answerHealth>[1],
  search: string,
): Answer {
  if (!READS.includes(request.method ?? "")) return wrongMethod(request.method, [...READS, "OPTIONS"]);
  return answerHealth(parts.context.deps, path, new URLSearchParams(search));
}

interface Target {
  readonly path: string;
  readonly search: string;
  readonly head: boolean;
}

/** Never rejects: whatever goes wrong becomes an answer. */
async function respond(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
): Promise<void> {
  try {
    const answer = await route(parts, request, response, target);
    if (answer !== null) sendAnswer(response, answer, target.head);
  } catch (error) {
    const answer = refusal(parts, request, target.path, error);
    if (response.headersSent) response.destroy();
    else sendAnswer(response, answer, target.head);
  }
}

async function route(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
): Promise<Answer | null> {
  const origin = originOf(request, parts.trusted);
  checkHost(parts, request, origin);
  if (!target.path.startsWith("/")) {
    throw new RollcallError("request-malformed", { detail: "the request's target is not a path" });
  }
  const match = matchRoute(ROUTES, request.method ?? "", target.path);
  if (match.kind === "method") return wrongMethod(request.method, match.allow);
  if (match.kind === "none") return pageAnswer(parts, request, target.path);
  const caller = await admit(parts, request, match.route);
  const call: Call = {
    params: match.params,
    query: new URLSearchParams(target.search),
    head: target.head,
    origin,
    caller,
    request,
    response,
    signal: parts.signalOf(response),
    stillAllowed: async () => (await parts.authenticate(request)) !== null,
    body: (limit = HTTP_LIMITS.smallBody) => readJsonBody(request, response, limit),
  };
  if (caller.via === "session" && !READS.includes(request.method ?? "")) checkCrossSite(parts.context, call);
  return match.route.run(parts.context, call);
}

function checkHost(parts: HandlerParts, request: IncomingMessage, origin: Origin): void {
  const { publicUrl, allowedHosts } = parts.context.deps.gateway;
  const rules = { ...parts.bound(), allowedHosts, ...(publicUrl !== undefined && { publicUrl }) };
  if (!hostAllowed(rules, origin.host, plainAddress(request.socket.localAddress))) {
    throw new RollcallError("host-refused");
  }
}

/** @throws RollcallError `unauthorized` */
async function admit(parts: HandlerParts, request: IncomingMessage, found: Route): Promise<Caller> {
  if (found.auth === "open") return ANONYMOUS;
  if (found.auth === "metrics" && isLocalScrape(parts, request)) return ANONYMOUS;
  const caller = await parts.authenticate(request);
  if (caller === null) throw new RollcallError("unauthorized");
  return caller;
}

/** Behind a proxy everybody comes from loopback, so a gateway that is published asks for a token there too. */
function isLocalScrape(parts: HandlerParts, request: IncomingMessage): boolean {
  const { publicUrl, trustedProxies } = parts.context.deps.gateway;
  const published = publicUrl !== undefined || trustedProxies.length > 0;
  return !published && isLoopback(plainAddress(request.socket.remoteAddress));
}

function pageAnswer(parts: HandlerParts, request: IncomingMessage, path: string): Answer {
  const answer = parts.page.answer(path, request.headers["if-none-match"]);
  if (answer === undefined) throw new RollcallError("not-found");
  return READS.includes(request.method ?? "") ? answer : wrongMethod(request.method, [...READS, "OPTIONS"]);
}

function wrongMethod(method: string | undefined, allow: readonly string[]): Answer {
  const headers = { allow: allow.join(", ") };
  // Nobody from another origin is invited: there are no CORS headers here or anywhere.
  if (method === "OPTIONS") return { status: 204, headers };
  return problemAnswer(new RollcallError("method-refused"), {}, headers);
}

/** Turns what was thrown into its answer and one line of the log, which has neither query nor body in it. */
function refusal(parts: HandlerParts, request: IncomingMessage, path: string, thrown: unknown): Answer {
  const { log, random } = parts.context.deps;
  const error = toRollcallError(thrown);
  const fields = {
    method: request.method,
    path: path.slice(0, 200),
    status: error.status,
    code: error.code,
    peer: plainAddress(request.socket.remoteAddress),
    ...(error.at !== undefined && { at: error.at }),
  };
  if (error.code !== "bug") {
    log.info("http.refused", fields);
    return problemAnswer(error);
  }
  const id = random.uuid();
  log.error("http.failed", {
    ...fields,
    id,
    reason: messageOf(error.cause ?? error),
    stack: error.cause instanceof Error ? error.cause.stack : error.stack,
  });
  return problemAnswer(error, { id });
}
