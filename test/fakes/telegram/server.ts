import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../../src/ports/clock.ts";
import { createChats, type FakeChat } from "./chats.ts";
import { ApiError, createScripts, type Script, type ScriptHandle } from "./fault.ts";
import { METHODS, type Bot, type World } from "./methods.ts";
import { createPaceLimits, PLATFORM_LIMITS, type PaceLimits } from "./pace-limits.ts";
import { createPeople, type People } from "./people.ts";
import { readRequestBody, type Params, type RequestBody } from "./request-body.ts";
import { createUpdateQueue, type UpdateQueue } from "./updates.ts";

export interface TelegramOptions {
  readonly token: string;
  /** Time of polls, limits and messages; the machine's when absent. */
  readonly clock?: Clock;
  readonly username?: string;
  /** The bot's id, for tests with more than one. */
  readonly botId?: number;
  /** `off` takes any number of messages. */
  readonly limits?: PaceLimits | "off";
  readonly port?: number;
  readonly host?: string;
}

/** One call that arrived, whatever became of it. */
export interface Call {
  readonly method: string;
  readonly params: Params;
  readonly at: number;
  /** `pending` while it is open; `lost` when the answer was never sent. */
  outcome: "ok" | "pending" | "lost" | number;
}

/** A Bot API server for tests: strict where the platform is strict, unkind where it can be unkind. */
export interface FakeTelegram extends People {
  readonly root: string;
  readonly token: string;
  readonly bot: Bot;
  readonly calls: readonly Call[];
  readonly updates: UpdateQueue;
  readonly confirmedOffset: number;
  /** The chat as it is; made when it isn't there. */
  chat(id: number): FakeChat;
  chats(): readonly FakeChat[];
  script(script: Script): ScriptHandle;
  /** From now on the token is refused, or taken again. */
  readonly revoke: (revoked?: boolean) => void;
  readonly setWebhook: (url: string) => void;
  /** Whether `sendMessageDraft` works; it does at first. */
  readonly allowDrafts: (allowed: boolean) => void;
  readonly commands: unknown;
  close(): Promise<void>;
}

const systemTime: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (span) => new Promise((resolve) => setTimeout(resolve, span)),
  timer(span, run) {
    const handle = setTimeout(run, span);
    return () => clearTimeout(handle);
  },
};

/** Starts the server on a free port of the loopback. */
export async function startTelegram(options: TelegramOptions): Promise<FakeTelegram> {
  const clock = options.clock ?? systemTime;
  const bot: Bot = {
    id: options.botId ?? 7001,
    username: options.username ?? "rollcall_test_bot",
    first_name: "Rollcall",
    can_read_all_group_messages: false,
  };
  const updates = createUpdateQueue(clock);
  const limits =
    options.limits === "off"
      ? undefined
      : createPaceLimits(options.limits ?? PLATFORM_LIMITS, () => clock.now());
  const world: World = {
    bot,
    updates,
    chats: createChats(() => clock.now()),
    files: new Map(),
    pace: (chat) => limits?.(chat),
    commands: undefined,
    webhook: "",
    drafts: true,
  };
  const scripts = createScripts();
  const calls: Call[] = [];
  let revoked = false;

  const server = http.createServer((request, response) => {
    answer(request, response).catch((error: unknown) => reply(response, error));
  });
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://fake");
    const [, what = "", token = "", ...rest] = /^\/(file\/)?bot([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    const path = rest[0] ?? "";
    const body = await readRequestBody(request, url);
    if (revoked || token !== options.token)
      throw new ApiError(token === "" ? 404 : 401, token === "" ? "Not Found" : "Unauthorized");
    if (what !== "") return sendFile(world, decodeURIComponent(path), response);
    const call: Call = { method: path, params: body.params, at: clock.now(), outcome: "pending" };
    calls.push(call);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    await perform({ world, call, body, gone: gone.signal, response, scripts, clock });
  };

  await new Promise<void>((resolve) =>
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve),
  );
  const { port, address, family } = server.address() as AddressInfo;
  return {
    ...createPeople(world, () => clock.now()),
    root: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    token: options.token,
    bot,
    calls,
    updates,
    chat: (id) => world.chats.meet(id),
    chats: () => world.chats.all(),
    script: (script) => scripts.add(script),
    revoke: (now = true) => void (revoked = now),
    setWebhook: (url) => void (world.webhook = url),
    allowDrafts: (allowed) => void (world.drafts = allowed),
    get confirmedOffset() {
      return updates.confirmedOffset;
    },
    get commands() {
      return world.commands;
    },
    async close() {
      updates.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Performance {
  readonly world: World;
  readonly call: Call;
  readonly body: RequestBody;
  readonly gone: AbortSignal;
  readonly response: http.ServerResponse;
  readonly scripts: ReturnType<typeof createScripts>;
  readonly clock: Clock;
}

async function perform({ world, call, body, gone, response, scripts, clock }: Performance): Promise<void> {
  const method = Object.hasOwn(METHODS, call.method) ? METHODS[call.method] : undefined;
  const chat = Number(body.params["chat_id"]);
  const script = scripts.take(call.method, chat);
  const run = async (): Promise<unknown> => {
    if (method === undefined) throw new ApiError(404, "Not Found: method not found");
    return method(world, body, gone);
  };
  const lost = (): void => {
    call.outcome = "lost";
    response.socket?.resetAndDestroy();
  };
  switch (script?.trouble.kind) {
    case "drop":
      return lost();
    case "lose":
      await run();
      return lost();
    case "hang":
      call.outcome = "lost";
      // Whatever the late call meets by then is nobody's answer any more.
      return script.hold(
        () =>
          void run().catch(
            (error: unknown) => void (call.outcome = error instanceof ApiError ? error.code : 500),
          ),
      );
    case "status":
      call.outcome = script.trouble.status;
      response.writeHead(script.trouble.status, { "content-type": "text/html" });
      return void response.end(script.trouble.body);
    case "delay":
      await clock.sleep(script.trouble.ms);
      break;
    default:
  }
  try {
    if (script?.trouble.kind === "error") {
      throw new ApiError(script.trouble.code, script.trouble.description, script.trouble.parameters);
    }
    const result = await run();
    call.outcome = "ok";
    send(response, 200, { ok: true, result });
  } catch (error) {
    call.outcome = error instanceof ApiError ? error.code : 500;
    reply(response, error);
  }
}

function sendFile(world: World, path: string, response: http.ServerResponse): void {
  const file = [...world.files.values()].find((known) => known.path === path);
  if (file === undefined) throw new ApiError(404, "Not Found");
  response.writeHead(200, { "content-length": file.bytes.length });
  response.end(file.bytes);
}

function reply(response: http.ServerResponse, error: unknown): void {
  const { code, message, parameters } =
    error instanceof ApiError ? error : new ApiError(500, `Internal Server Error: ${String(error)}`);
  send(response, code, {
    ok: false,
    error_code: code,
    description: message,
    ...(parameters && { parameters }),
  });
}

function send(response: http.ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
