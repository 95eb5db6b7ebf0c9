import http from "node:http";
import https from "node:https";
import dns from "node:dns";
import type { LookupFunction, Socket } from "node:net";
import { RollcallError, messageOf } from "../core/errors.ts";
import { SECOND } from "../core/time.ts";
import type { NetworkConfig } from "../ports/channel.ts";

/**
 * How long an idle connection is kept. Shorter than any platform's own limit, so that a request never goes out on a
 * connection that the other side has just closed: such a request would be in doubt for nothing.
 */
const IDLE_CONNECTION = 10 * SECOND;

/** As much of an abort signal as is needed, so that a library's own kind fits too. */
export interface Aborting {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | AsyncIterable<Uint8Array>;
  /** Ends the request and the reading of its answer. */
  readonly signal: Aborting;
}

/** A request that got no whole answer. Only when `reached` is false can the server not have seen any of it. */
export class RequestFailed extends Error {
  readonly reached: boolean;
  constructor(message: string, reached: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = "RequestFailed";
    this.reached = reached;
  }
}

/** An answer with more bytes than are read. */
export class AnswerTooLarge extends RequestFailed {
  /** Its first bytes. */
  readonly head: Buffer;
  constructor(most: number, head: Buffer) {
    super(`the answer is larger than ${most} bytes`, true);
    this.name = "AnswerTooLarge";
    this.head = head;
  }
}

/** What is kept of an answer that is too large. */
const HEAD_BYTES = 64 * 1024;

/** One way out to the network, through the configured proxy and address family, for everything that a channel does. */
export interface Network {
  /** Resolves with the head of the answer, whatever its status. Follows no redirects. @throws RequestFailed */
  request(url: URL, request: HttpRequest): Promise<http.IncomingMessage>;
  /** Closes the connections that nothing is using. */
  closeIdle(): void;
}

/**
 * Makes a channel's way out. With a SOCKS proxy names are resolved by the proxy, unless an address family is set: then
 * they are resolved here, to that family. An HTTP proxy always resolves; there the family is that of the way to it.
 *
 * @param lookup resolves names; for tests
 * @throws RollcallError `config-invalid` for a proxy that is neither HTTP nor SOCKS
 */
export function createNetwork(config: NetworkConfig, lookup: LookupFunction = dns.lookup): Network {
  const family = config.ipFamily === "auto" ? undefined : Number(config.ipFamily);
  const resolve: LookupFunction = (host, options, done) =>
    lookup(host, family === undefined ? options : { ...options, family }, done);
  const options = { keepAlive: true, lookup: resolve, ...(family !== undefined && { family }) };
  const agents = new Map<string, Promise<http.Agent>>();
  const opened: http.Agent[] = [];
  const agentFor = (protocol: string): Promise<http.Agent> => {
    const key = config.proxy === undefined ? protocol : "proxy";
    const agent =
      agents.get(key) ?? makeAgent(config, protocol, options).then((made) => (opened.push(made), made));
    agents.set(key, agent);
    return agent;
  };
  checkProxy(config.proxy);
  // The proxy's library is loaded when the channel is opened, not at its first request.
  if (config.proxy !== undefined) agentFor("proxy").catch(() => agents.clear());
  return {
    async request(url, request) {
      if (request.signal.aborted) throw new RequestFailed("aborted", false);
      const agent = await agentFor(url.protocol);
      return exchange(url, request, agent, resolve);
    },
    closeIdle() {
      for (const agent of opened) {
        for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
      }
    },
  };
}

function checkProxy(proxy: string | undefined): void {
  if (proxy === undefined || /^(https?|socks(4a?|5h?)?):\/\/[^/]/.test(proxy)) return;
  // The address itself may hold a password: it isn't repeated.
  throw new RollcallError("config-invalid", {
    at: "gateway.proxy",
    detail: "gateway.proxy is neither an http(s):// nor a socks5:// address",
  });
}

interface AgentOptions {
  readonly keepAlive: boolean;
  readonly lookup: LookupFunction;
  readonly family?: number;
}

async function makeAgent(
  config: NetworkConfig,
  protocol: string,
  options: AgentOptions,
): Promise<http.Agent> {
  const agent = await newAgent(config.proxy, protocol, options);
  // Set afterwards: the SOCKS agent would take it as a limit for requests that are at work.
  if ("options" in agent) Object.assign(agent.options as object, { timeout: IDLE_CONNECTION });
  return agent;
}

async function newAgent(
  proxy: string | undefined,
  protocol: string,
  options: AgentOptions,
): Promise<http.Agent> {
  if (proxy === undefined) return protocol === "https:" ? new https.Agent(options) : new http.Agent(options);
  if (proxy.startsWith("http")) {
    const { HttpsProxyAgent } = await import("https-proxy-agent");
    return new HttpsProxyAgent(proxy, options);
  }
  const { SocksProxyAgent } = await import("socks-proxy-agent");
  const remote = options.family === undefined ? proxy.replace(/^socks5:/, "socks5h:") : proxy;
  const { keepAlive, ...socketOptions } = options;
  return new SocksProxyAgent(remote, { keepAlive, socketOptions });
}

function exchange(
  url: URL,
  request: HttpRequest,
  agent: http.Agent,
  lookup: LookupFunction,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    let reached = false;
    const secure = url.protocol === "https:";
    const { method, headers = {} } = request;
    const outgoing = (secure ? https : http).request(url, { method, headers, agent, lookup });
    const fail = (why: string, cause?: unknown): void => {
      reject(new RequestFailed(why, reached, cause));
      outgoing.destroy();
    };
    const aborted = (): void => {
      fail("aborted");
      outgoing.destroy(new RequestFailed("aborted", reached));
    };
    request.signal.addEventListener("abort", aborted);
    outgoing.on("close", () => request.signal.removeEventListener("abort", aborted));
    outgoing.on("socket", (socket) =>
      whenOpen(socket, secure, outgoing.reusedSocket, () => (reached = true)),
    );
    // What a proxy says to CONNECT is no answer of the platform, and none of the request has left.
    outgoing.on("proxyConnect", (answer: { readonly statusCode: number }) => {
      if (answer.statusCode !== 200) fail(`the proxy refused with status ${answer.statusCode}`);
    });
    outgoing.on("response", resolve);
    outgoing.on("error", (error) => fail(messageOf(error), error));
    writeBody(outgoing, request.body).catch((error: unknown) => fail(messageOf(error), error));
  });
}

/** Calls back once the connection stands: from then on bytes of the request may have left. */
function whenOpen(socket: Socket, secure: boolean, reused: boolean, open: () => void): void {
  if (reused || (!secure && socket.readyState === "open")) return open();
  socket.once(secure ? "secureConnect" : "connect", open);
}

async function writeBody(outgoing: http.ClientRequest, body: HttpRequest["body"]): Promise<void> {
  if (body === undefined || typeof body === "string") {
    outgoing.end(body);
    return;
  }
  for await (const chunk of body) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
  outgoing.end();
}

function drained(outgoing: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}

/**
 * Reads an answer's body.
 *
 * @param most bytes; more is an error
 * @throws RequestFailed, {@link AnswerTooLarge}
 */
export async function readBody(answer: http.IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      chunks.push(chunk);
      if (size > most) throw new AnswerTooLarge(most, Buffer.concat(chunks).subarray(0, HEAD_BYTES));
    }
  } catch (error) {
    throw error instanceof RequestFailed ? error : new RequestFailed(messageOf(error), true, error);
  }
  return Buffer.concat(chunks);
}
