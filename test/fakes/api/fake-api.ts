import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createFakeAgent, type FakeAgent } from "./fake-agent.ts";
import { createFakeReport, type FakeReport } from "./fake-report.ts";
import { act, acceptOnce, listPage, messageJson } from "./fake-messages.ts";
import { head, readBody, readQuery, Refusal, sendJson, sendRefusal } from "./fake-request.ts";
import { createFakeStore, type FakeMessage, type FakeStore } from "./fake-store.ts";

/** The gateway's HTTP side as the page knows it: strict, on loopback, and moved by the test alone. */
export interface FakeApi {
  readonly url: string;
  readonly store: FakeStore;
  readonly agent: FakeAgent;
  readonly report: FakeReport;
  /** Requests that wrote, as `METHOD path`, in order. */
  readonly writes: readonly string[];
  /** A sign-in link that works once. */
  link(): string;
  /** Cuts every open stream of events. */
  cutStreams(): void;
  /** Accepts the next message, and cuts the connection within the answer. */
  loseNextAnswer(): void;
  /** While true every request of the API is cut before anything is done. */
  down: boolean;
  /** Ends every session. */
  forgetSessions(): void;
  /** The newest message, once there is one that fits. */
  newest(fits?: (message: FakeMessage) => boolean): Promise<FakeMessage>;
  close(): Promise<void>;
}

interface Fake extends FakeApi {
  readonly codes: Set<string>;
  readonly sessions: Set<string>;
  readonly streams: Set<ServerResponse>;
  readonly pageDir: string;
  loseNext: boolean;
  writes: string[];
}

/** @param pageDir the built page */
export async function startFakeApi(pageDir: string): Promise<FakeApi> {
  const store = createFakeStore();
  const codes = new Set<string>();
  const sessions = new Set<string>();
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => void answer(fake, request, response));
  const cut = (): void => {
    for (const stream of streams) stream.destroy();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let made = 0;
  const fake: Fake = {
    url,
    store,
    codes,
    sessions,
    streams,
    pageDir,
    agent: createFakeAgent(store),
    report: createFakeReport(),
    writes: [],
    loseNext: false,
    down: false,
    link() {
      made += 1;
      codes.add(`code${made}`);
      return `${url}/#code=code${made}`;
    },
    cutStreams: cut,
    loseNextAnswer() {
      fake.loseNext = true;
    },
    forgetSessions() {
      sessions.clear();
      cut();
    },
    newest: (fits = () => true) => newest(store, fits),
    async close() {
      cut();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return fake;
}

/** Resolves by the store's own events: nothing is looked at in turns. */
function newest(store: FakeStore, fits: (message: FakeMessage) => boolean): Promise<FakeMessage> {
  return new Promise((resolve) => {
    let stop = (): void => undefined;
    const look = (): boolean => {
      const found = store.messages.findLast(fits);
      if (found === undefined) return false;
      stop();
      resolve(found);
      return true;
    };
    if (!look()) stop = store.watch(() => void look());
  });
}

async function answer(fake: Fake, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", fake.url);
  try {
    if (!url.pathname.startsWith("/api/")) return await sendPage(fake, url.pathname, response);
    if (fake.down) {
      request.socket.destroy();
      return;
    }
    if (request.method === "POST") fake.writes.push(`POST ${url.pathname}`);
    await route(fake, request, response, url);
  } catch (error) {
    if (error instanceof Refusal) sendRefusal(response, error);
    else sendRefusal(response, new Refusal("bug", String(error)));
  }
}

async function route(
  fake: Fake,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { pathname } = url;
  if (pathname === "/api/v1/sign-in") return signIn(fake, request, response);
  const cookie = /(?:^|; )rollcall_test=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
  if (!fake.sessions.has(cookie)) throw new Refusal("unauthorized");
  if (request.method === "POST") checkWrite(fake, request);
  if (pathname === "/api/v1/sign-out") {
    fake.sessions.delete(cookie);
    head(response, 204, { "set-cookie": "rollcall_test=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0" });
    response.end();
    return;
  }
  if (pathname === "/api/v1/status") return sendJson(response, 200, fake.report);
  if (pathname === "/api/v1/events") return stream(fake, request, response);
  if (pathname === "/api/v1/messages" && request.method === "POST") return accept(fake, request, response);
  if (pathname === "/api/v1/messages") {
    const query = readQuery(url, ["state", "limit", "cursor", "conversation", "session"]);
    return sendJson(response, 200, listPage(fake.store, query));
  }
  return one(fake, request, response, pathname);
}

async function one(
  fake: Fake,
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
): Promise<void> {
  const [, id, action] = /^\/api\/v1\/messages\/([^/]+)(?:\/(retry|cancel|rerun))?$/.exec(pathname) ?? [];
  if (id === undefined) throw new Refusal("not-found");
  const message = fake.store.messages.find((known) => known.id === id);
  if (message === undefined) throw new Refusal("no-such-id");
  if ((request.method === "POST") !== (action !== undefined)) throw new Refusal("method-refused");
  if (action === undefined) return sendJson(response, 200, { message: messageJson(message, true) });
  await readBody(request, action === "rerun" ? ["agent"] : []);
  const result = act(fake.store, message, action);
  return sendJson(response, action === "rerun" ? 202 : 200, { message: messageJson(result, false) });
}

async function accept(fake: Fake, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request, ["text", "agent", "conversation", "id", "to", "attachments"]);
  const message = acceptOnce(
    fake.store,
    body,
    fake.report.agents.map(({ id }) => id),
  );
  if (fake.loseNext) {
    fake.loseNext = false;
    // Cut within the answer: before it, a browser may send the request once more by itself.
    head(response, 202, { "content-type": "application/json", "content-length": "1000" });
    response.write("{", () => request.socket.destroy());
    return;
  }
  sendJson(response, 202, { message: messageJson(message, false) });
}

function checkWrite(fake: Fake, request: IncomingMessage): void {
  if (request.headers.origin !== fake.url) throw new Refusal("csrf-refused", "origin");
  if (request.headers["x-rollcall"] !== "1") throw new Refusal("csrf-refused", "x-rollcall");
}

async function signIn(fake: Fake, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "POST") throw new Refusal("method-refused");
  checkWrite(fake, request);
  const { code } = await readBody(request, ["code"]);
  if (!fake.codes.delete(String(code))) throw new Refusal("link-expired");
  const session = `session-${String(code)}`;
  fake.sessions.add(session);
  head(response, 204, {
    "set-cookie": `rollcall_test=${session}; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600`,
  });
  response.end();
}

function stream(fake: Fake, request: IncomingMessage, response: ServerResponse): void {
  const header = request.headers["last-event-id"];
  let place = typeof header === "string" ? header : fake.store.latest();
  head(response, 200, { "content-type": "text/event-stream; charset=utf-8" });
  if (header === undefined) response.write(`id: ${place}\n\n`);
  const write = (): void => {
    const news = fake.store.since(place);
    if (news === undefined) {
      place = fake.store.latest();
      response.write(`id: ${place}\nevent: reset\ndata: {}\n\n`);
      return;
    }
    for (const { id, text } of news) {
      place = id;
      response.write(text);
    }
  };
  const stop = fake.store.watch(write);
  fake.streams.add(response);
  response.on("close", () => {
    stop();
    fake.streams.delete(response);
  });
  write();
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

async function sendPage(fake: Fake, pathname: string, response: ServerResponse): Promise<void> {
  const name = pathname === "/" ? "/index.html" : pathname;
  const file = path.join(fake.pageDir, name);
  const type = TYPES[path.extname(name)];
  if (type === undefined || !file.startsWith(fake.pageDir)) throw new Refusal("not-found");
  const body = await readFile(file);
  head(response, 200, { "content-type": type });
  response.end(body);
}
