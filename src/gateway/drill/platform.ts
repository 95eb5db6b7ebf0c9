import { performance } from "node:perf_hooks";
import { openLoopback } from "./loopback.ts";
import type { Person } from "./people.ts";
import { createUpdateQueue, type UpdateQueue } from "./update-queue.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A message of the gateway, as the person in the chat sees it now. */
export interface Shown {
  readonly messageId: number;
  readonly chat: number;
  text: string;
  /** Monotonic, in milliseconds: when it appeared. */
  readonly at: number;
}

/** One call that would show something in a chat. */
export interface Call {
  readonly chat: number;
  readonly at: number;
  /** It was answered with 429. */
  readonly refused: boolean;
}

/**
 * The platform of a drill: as much of Telegram's Bot API (core.telegram.org/bots/api) as the gateway uses for texts. It
 * keeps updates until they are confirmed by a higher offset, and knows what each chat shows.
 */
export interface DrillPlatform {
  readonly url: string;
  readonly tokenOf: (account: string) => string;
  /** The person writes. */
  say(person: Person, text: string): void;
  /** What of the gateway the person sees, oldest first. */
  shown(person: Person): readonly Shown[];
  readonly calls: readonly Call[];
  /** Refuses for so many seconds whatever would show something, and says how long. Returns the end, monotonic. */
  refuseFor(seconds: number): number;
  close(): Promise<void>;
}

interface World {
  readonly queues: Map<string, UpdateQueue>;
  readonly messages: Map<number, Shown>;
  readonly calls: Call[];
  refusedUntil: number;
  lastId: number;
}

const OK = (result: unknown): Answer => ({ status: 200, body: { ok: true, result } });
const refusal = (code: number, description: string, parameters?: Fields): Answer => ({
  status: code,
  body: { ok: false, error_code: code, description, ...(parameters && { parameters }) },
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export async function openPlatformOfDrill(people: readonly Person[]): Promise<DrillPlatform> {
  const accounts = [...new Set(people.map(({ account }) => account))];
  const tokenOf = (account: string): string => `${accounts.indexOf(account) + 1}:made-up-for-a-drill`;
  const world: World = {
    queues: new Map(accounts.map((account) => [tokenOf(account), createUpdateQueue()])),
    messages: new Map(),
    calls: [],
    refusedUntil: 0,
    lastId: 0,
  };
  const server = await openLoopback(async (path, body) => {
    const [, token = "", method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(path) ?? [];
    const queue = world.queues.get(token);
    return queue === undefined
      ? refusal(401, "Unauthorized")
      : perform(world, queue, { token, method }, body);
  });
  return {
    url: server.url,
    tokenOf,
    say(person, text) {
      const from = { id: person.id, is_bot: false, first_name: "Drill" };
      const message = {
        message_id: ++world.lastId,
        from,
        chat: { id: person.id, type: "private", first_name: "Drill" },
        date: Math.floor(Date.now() / 1000),
        text,
      };
      world.queues.get(tokenOf(person.account))?.push({ message });
    },
    shown: (person) => [...world.messages.values()].filter(({ chat }) => chat === person.id),
    calls: world.calls,
    refuseFor(seconds) {
      world.refusedUntil = performance.now() + seconds * 1000;
      return world.refusedUntil;
    },
    async close() {
      for (const queue of world.queues.values()) queue.close();
      await server.close();
    },
  };
}

async function perform(
  world: World,
  queue: UpdateQueue,
  { token, method }: { readonly token: string; readonly method: string },
  body: Fields,
): Promise<Answer> {
  if (method === "getMe") {
    const id = Number(token.split(":")[0]);
    return OK({ id, is_bot: true, first_name: "Drill", username: `drill_${id}_bot` });
  }
  if (method === "getUpdates") {
    const { offset = 0, limit = 100, timeout = 0 } = body;
    return OK(await queue.poll(Number(offset), Number(limit), Number(timeout)));
  }
  if (!SHOWS.has(method)) return OK(true);
  const chat = Number(body["chat_id"]);
  const left = world.refusedUntil - performance.now();
  world.calls.push({ chat, at: performance.now(), refused: left > 0 });
  if (left > 0) {
    const seconds = Math.ceil(left / 1000);
    return refusal(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });
  }
  return show(world, method, chat, body);
}

/** Methods that change what a chat shows. */
const SHOWS: ReadonlySet<string> = new Set(["sendMessage", "editMessageText", "deleteMessage"]);

function show({ messages, ...world }: World, method: string, chat: number, body: Fields): Answer {
  const text = typeof body["text"] === "string" ? body["text"] : "";
  const id = Number(body["message_id"]);
  if (method === "deleteMessage") return OK(messages.delete(id));
  if (method === "editMessageText") {
    const known = messages.get(id);
    if (known === undefined) return refusal(400, "Bad Request: message to edit not found");
    if (known.text === text) return refusal(400, "Bad Request: message is not modified");
    known.text = text;
    return OK(messageJson(id, chat, text));
  }
  const fresh = ids(messages, world.lastId);
  messages.set(fresh, { messageId: fresh, chat, text, at: performance.now() });
  return OK(messageJson(fresh, chat, text));
}

/** Ids of the gateway's messages are apart from people's. */
const APART = 1_000_000;

function ids(messages: ReadonlyMap<number, Shown>, last: number): number {
  return Math.max(APART + last, ...messages.keys()) + 1;
}

function messageJson(messageId: number, chat: number, text: string): Fields {
  return {
    message_id: messageId,
    date: Math.floor(Date.now() / 1000),
    chat: { id: chat, type: "private", first_name: "Drill" },
    text,
  };
}
