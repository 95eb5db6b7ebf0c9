import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

export const TOKEN = "the-token-of-this-test";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly token: string | undefined;
}

/** What it answers to `METHOD /path`: a status and a body, or a function of the request. */
export type Answers = Readonly<Record<string, Answer | ((request: Request) => Answer)>>;
interface Answer {
  readonly status?: number;
  readonly body?: unknown;
}

/** A gateway as the command line sees it: a file in a state directory, and an API that says what the test wants. */
export interface FakeGateway {
  readonly url: string;
  readonly stateDir: string;
  readonly requests: readonly Request[];
  /** Sends an event to everybody who watches. */
  event(type: string, data: unknown): void;
  /** Resolves when somebody watches. */
  watched(): Promise<void>;
  /** Cuts those who watch. */
  cut(): void;
  /** Stops listening, cuts everything. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export async function fakeGateway(answers: Answers): Promise<FakeGateway> {
  const requests: Request[] = [];
  const watchers = new Set<ServerResponse>();
  const waiting: (() => void)[] = [];
  let id = 0;
  const watch = (response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`id: ${id}\n\n`);
    watchers.add(response);
    response.on("close", () => watchers.delete(response));
    for (const resolve of waiting.splice(0)) resolve();
  };
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const read = await readRequest(request);
      requests.push(read);
      if (read.path === "/api/v1/events") return watch(response);
      const key = `${read.method} ${read.path.split("?")[0] ?? ""}`;
      const found = answers[key] ?? {
        status: 404,
        body: { code: "no-such-id", title: "There is nothing with this id." },
      };
      const { status = 200, body } = typeof found === "function" ? found(read) : found;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body === undefined ? "" : JSON.stringify(body));
    };
    void answer();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stateDir = mkdtempSync(join(tmpdir(), "rollcall-cli-"));
  writePresence(stateDir, { pid: process.pid, url });
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url,
    stateDir,
    requests,
    event(type, data) {
      id++;
      for (const one of watchers) one.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    watched: async () => {
      if (watchers.size === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    cut: () => {
      for (const one of watchers) one.destroy();
    },
    stop,
    async remove() {
      if (server.listening) await stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

export function writePresence(stateDir: string, of: { readonly pid: number; readonly url: string }): void {
  const presence = {
    ...of,
    token: TOKEN,
    version: "0.1.0",
    startedAt: "2026-01-01T00:00:00.000Z",
    instance: "x",
  };
  writeFileSync(join(stateDir, "gateway.json"), JSON.stringify(presence));
}

async function readRequest(request: IncomingMessage): Promise<Request> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    body: text === "" ? null : (JSON.parse(text) as unknown),
    token: request.headers.authorization?.replace("Bearer ", ""),
  };
}
