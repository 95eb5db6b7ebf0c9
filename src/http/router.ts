import type { IncomingMessage, ServerResponse } from "node:http";
import { RollcallError } from "../core/errors.ts";
import type { Answer } from "./answer.ts";
import type { Caller } from "./auth.ts";
import type { HttpDeps } from "./deps.ts";
import type { Origin } from "./peer.ts";
import type { SignIn } from "./sign-in.ts";

/** What routes work with, beside the request. */
export interface Context {
  readonly deps: HttpDeps;
  readonly signIn: SignIn;
  /** Where links to the page begin, without a slash at the end. */
  readonly baseUrl: () => string;
}

/** One request, as a route sees it. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly head: boolean;
  readonly origin: Origin;
  readonly caller: Caller;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts when the client has gone or the server is closing. */
  readonly signal: AbortSignal;
  /** Whether the caller would still be let in: for requests that last. */
  stillAllowed(): Promise<boolean>;
  /** Reads the body as JSON. @throws RollcallError `media-type`, `request-too-large`, `request-malformed` */
  body(limit?: number): Promise<unknown>;
}

/** `open`: anybody. `token`: a token or the page's session. `metrics`: as token, or a local scraper. */
export type RouteAuth = "open" | "token" | "metrics";

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** Segments beginning with a colon are parameters. */
  readonly path: string;
  readonly auth: RouteAuth;
  /** Answers; null when it has taken the response over. */
  readonly run: (context: Context, call: Call) => Promise<Answer | null> | Answer;
}

export type Match =
  | {
      readonly kind: "found";
      readonly route: Route;
      readonly params: Readonly<Record<string, string>>;
    }
  /** The path is there, and takes these methods. */
  | { readonly kind: "method"; readonly allow: readonly string[] }
  | { readonly kind: "none" };

/** Finds the route of a request. Pure. HEAD goes where GET goes. */
export function matchRoute(routes: readonly Route[], method: string, path: string): Match {
  const given = path.split("/");
  const fits = routes.flatMap((route) => {
    const params = matchPath(segmentsOf(route), given);
    return params === undefined ? [] : [{ route, params }];
  });
  if (fits.length === 0) return { kind: "none" };
  const wanted = method === "HEAD" ? "GET" : method;
  const found = fits.find(({ route }) => route.method === wanted);
  if (found !== undefined) return { kind: "found", ...found };
  const allow = new Set(
    fits.flatMap(({ route }) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method])),
  );
  return { kind: "method", allow: [...allow, "OPTIONS"] };
}

const segments = new WeakMap<Route, readonly string[]>();

function segmentsOf(route: Route): readonly string[] {
  const known = segments.get(route);
  if (known !== undefined) return known;
  const made = route.path.split("/");
  segments.set(route, made);
  return made;
}

function matchPath(
  wanted: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (!part.startsWith(":")) {
      if (part !== value) return undefined;
      continue;
    }
    const decoded = decodeSegment(value);
    if (decoded === undefined) return undefined;
    params[part.slice(1)] = decoded;
  }
  return params;
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment) || undefined;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** A parameter of the route's own path. */
export function param(call: Call, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new RollcallError("bug", { detail: `the route has no parameter ${name}` });
  return value;
}
