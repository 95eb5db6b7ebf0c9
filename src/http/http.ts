import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { codeOf, messageOf, RollcallError } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import { createAuthenticate } from "./auth.ts";
import type { HttpDeps, HttpServer } from "./deps.ts";
import { createHandler } from "./handle.ts";
import { bracketed } from "./host.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { loadPage } from "./page.ts";
import { liveTrust } from "./peer.ts";
import { findPortHolder } from "./port-holder.ts";
import type { Context } from "./router.ts";
import { linkUrl } from "./sign-in-routes.ts";
import { createSignIn } from "./sign-in.ts";

/** How long a client may take to send a request, in milliseconds, and how often that is looked at. */
export type HttpTimes = Readonly<Record<"headers" | "request" | "checkEvery", Duration>>;

/** Importing node:http as a module also loads its fetch client, 8 ms that nothing here needs. */
const { createServer } = process.getBuiltinModule("node:http");

/**
 * The HTTP side: health, API, events and page. Everything that it will ever need is loaded when this resolves.
 *
 * @throws RollcallError `config-invalid` for `gateway.trustedProxies`, and what the store throws
 */
export async function createHttp(deps: HttpDeps, times: HttpTimes = HTTP_LIMITS): Promise<HttpServer> {
  const trusted = liveTrust(() => deps.gateway.trustedProxies);
  const [page, signIn] = await Promise.all([loadPage(deps.pageDir), createSignIn(deps)]);
  let bound = { host: deps.gateway.host, port: deps.gateway.port };
  const baseUrl = (): string => deps.gateway.publicUrl?.replace(/\/+$/, "") ?? localUrl(bound);
  const context: Context = { deps, signIn, baseUrl };
  const running = createRunning();
  const handle = createHandler({
    context,
    authenticate: createAuthenticate({ tokenHash: deps.tokenHash, store: deps.store, signIn }),
    trusted,
    page,
    bound: () => bound,
    signalOf: (response) => running.signalOf(response),
  });
  const server = createServer({ connectionsCheckingInterval: times.checkEvery }, (request, response) => {
    // Clients keep connections for their next request: while closing, one is done as soon as its answer is out.
    response.once("close", () => {
      if (!server.listening) server.closeIdleConnections();
    });
    handle(request, response);
  });
  setBounds(server, times);
  // The body is asked for by who reads it, after the caller is known.
  server.on("checkContinue", (request, response) => server.emit("request", request, response));
  return {
    async listen(host, port) {
      bound = await listen(server, host, port);
      return bound;
    },
    close: (grace) => close(deps, server, running, grace),
    link: () => linkUrl(baseUrl(), signIn.code().code),
  };
}

function setBounds(server: Server, times: HttpTimes): void {
  server.headersTimeout = times.headers;
  server.requestTimeout = times.request;
  server.keepAliveTimeout = HTTP_LIMITS.keepAlive;
  server.maxConnections = HTTP_LIMITS.connections;
  server.on("clientError", (error, socket: Socket) => {
    if (codeOf(error) === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(
      `HTTP/1.1 ${clientErrorLine(codeOf(error))}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  });
}

function clientErrorLine(code: string | undefined): string {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "408 Request Timeout";
  return code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
}

/** A name that this machine can reach itself by. */
function localUrl(bound: { readonly host: string; readonly port: number }): string {
  const host = bracketed(bound.host);
  const shown = host === "0.0.0.0" || host === "[::]" ? "127.0.0.1" : host;
  return `http://${shown}:${bound.port}`;
}

async function listen(server: Server, host: string, port: number): Promise<{ host: string; port: number }> {
  try {
    const listening = once(server, "listening");
    server.listen(port, host);
    await listening;
    return { host, port: (server.address() as AddressInfo).port };
  } catch (error) {
    throw await listenError(error, host, port);
  }
}

async function listenError(error: unknown, host: string, port: number): Promise<RollcallError> {
  const where = `${bracketed(host)}:${port}`;
  if (codeOf(error) !== "EADDRINUSE") {
    return new RollcallError("listen-failed", {
      at: "gateway.host",
      detail: `${where}: ${messageOf(error)}`,
    });
  }
  const pid = await findPortHolder(port);
  const who = pid === undefined ? "another process listens there" : `held by process ${pid}`;
  return new RollcallError("port-in-use", { at: "gateway.port", detail: `${where}, ${who}`, cause: error });
}

/** Every request ends with it. Without a reason of its own, an abort makes an exception with a stack each time. */
const OVER = Symbol("the request is over");

/** The requests that run now, so that closing can end those that wait for something. */
interface Running {
  signalOf(response: ServerResponse): AbortSignal;
  endAll(): void;
}

function createRunning(): Running {
  const controllers = new Set<AbortController>();
  let ended = false;
  return {
    signalOf(response) {
      const controller = new AbortController();
      if (ended || response.destroyed) controller.abort();
      controllers.add(controller);
      response.once("close", () => {
        controllers.delete(controller);
        controller.abort(OVER);
      });
      return controller.signal;
    },
    endAll() {
      ended = true;
      for (const controller of controllers) controller.abort();
    },
  };
}

async function close(deps: HttpDeps, server: Server, running: Running, grace: Duration): Promise<void> {
  if (!server.listening) return;
  const closed = new AbortController();
  server.close(() => closed.abort());
  server.closeIdleConnections();
  running.endAll();
  await deps.clock.sleep(grace, closed.signal);
  if (closed.signal.aborted) return;
  deps.log.warn("http.cut", {}, "requests were still running at the end of the grace");
  server.closeAllConnections();
}
