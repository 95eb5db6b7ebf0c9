import { randomUUID } from "node:crypto";
import type { Chats, FakeChat, FakeMessage } from "./chats.ts";
import { ApiError, badRequest } from "./fault.ts";
import { readTelegramHtml } from "./html.ts";
import type { RequestBody, Upload } from "./request-body.ts";
import type { UpdateQueue } from "./updates.ts";

const TEXT_UNITS = 4096;
const CAPTION_UNITS = 1024;
const DOWNLOAD_BYTES = 20 * 1024 * 1024;

export interface Bot {
  readonly id: number;
  readonly username: string;
  readonly first_name: string;
  can_read_all_group_messages: boolean;
}

export interface World {
  readonly bot: Bot;
  readonly chats: Chats;
  readonly updates: UpdateQueue;
  readonly files: Map<string, { readonly path: string; readonly bytes: Buffer }>;
  /** Throws 429 beyond the platform's limits. */
  readonly pace: (chat: number) => void;
  commands: unknown;
  webhook: string;
  /** Whether `sendMessageDraft` works. */
  drafts: boolean;
}

type Method = (world: World, body: RequestBody, gone: AbortSignal) => unknown;

/** The methods of the Bot API that a gateway needs. */
export const METHODS: Readonly<Record<string, Method>> = {
  getMe: ({ bot }) => ({ ...bot, is_bot: true, can_join_groups: true, supports_inline_queries: false }),
  getUpdates,
  getWebhookInfo: (world) => ({ url: world.webhook, pending_update_count: world.updates.waiting.length }),
  setWebhook: (world, { params }) => ((world.webhook = String(params["url"])), true),
  deleteWebhook: (world) => ((world.webhook = ""), true),
  setMyCommands: (world, { params }) => ((world.commands = params["commands"]), true),
  getMyCommands: (world) => world.commands ?? [],
  sendMessage: (world, body) => send(world, body, null),
  sendPhoto: (world, body) => send(world, body, "photo"),
  sendDocument: (world, body) => send(world, body, "document"),
  editMessageText: edit,
  deleteMessage: remove,
  setMessageReaction: react,
  sendChatAction: act,
  sendMessageDraft: draft,
  getFile,
};

function getUpdates(world: World, { params }: RequestBody, gone: AbortSignal): unknown {
  if (world.webhook !== "") {
    throw new ApiError(
      409,
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
  }
  return world.updates.poll(
    {
      offset: Number(params["offset"] ?? 0),
      limit: Math.min(100, Math.max(1, Number(params["limit"] ?? 100))),
      timeout: Math.min(50, Number(params["timeout"] ?? 0)),
      allowed: params["allowed_updates"] as readonly string[] | undefined,
    },
    gone,
  );
}

/** The shown text of a call, checked as the platform checks it. */
function readText(params: RequestBody["params"], key: "text" | "caption", most: number): string {
  const source = params[key];
  if (source !== undefined && typeof source !== "string") throw badRequest(`wrong type of ${key}`);
  const mode = params["parse_mode"];
  if (mode !== undefined && mode !== "HTML") throw badRequest("unsupported parse_mode");
  const shown = (mode === "HTML" ? readTelegramHtml(source ?? "") : (source ?? "")).trim();
  if (!shown.isWellFormed()) throw badRequest("strings must be encoded in UTF-8");
  if (shown.length > most)
    throw badRequest(key === "text" ? "message is too long" : "message caption is too long");
  return shown;
}

function send(world: World, body: RequestBody, kind: "photo" | "document" | null): unknown {
  const { params } = body;
  const chat = world.chats.reach(params["chat_id"]);
  const text =
    kind === null ? readText(params, "text", TEXT_UNITS) : readText(params, "caption", CAPTION_UNITS);
  if (kind === null && text === "") throw badRequest("message text is empty");
  const upload = kind === null ? null : uploadOf(body, kind);
  const replyTo = readReply(chat, params["reply_parameters"]);
  const thread = readThread(chat, params["message_thread_id"]);
  world.pace(chat.id);
  const silent = params["disable_notification"] === true;
  const message = world.chats.add(chat, {
    fromBot: true,
    text,
    source: sourceOf(params),
    silent,
    replyTo,
    thread,
    file: upload === null || kind === null ? null : { kind, ...upload },
  });
  if (!silent) chat.notifications++;
  return messageJson(world, chat, message);
}

/** A text as it was sent, before its markup was read. */
export function sourceOf(params: RequestBody["params"]): string {
  const source = params["text"] ?? params["caption"];
  return typeof source === "string" ? source : "";
}

function uploadOf({ params, uploads }: RequestBody, kind: "photo" | "document"): Upload {
  const reference = /^attach:\/\/(.+)$/.exec(String(params[kind]))?.[1] ?? kind;
  const upload = uploads.get(reference);
  if (upload === undefined) throw badRequest(`there is no ${kind} in the request`);
  if (upload.bytes.length === 0) throw badRequest("file must be non-empty");
  const magic = upload.bytes.subarray(0, 4).toString("latin1");
  if (kind === "photo" && !/^(?:\x89PNG|\xFF\xD8|RIFF)/.test(magic)) throw badRequest("IMAGE_PROCESS_FAILED");
  return upload;
}

function readReply(chat: FakeChat, value: unknown): number | null {
  if (typeof value !== "object" || value === null) return null;
  const { message_id: id, allow_sending_without_reply: allow } = value as Record<string, unknown>;
  const found = chat.messages.some((message) => message.messageId === id && !message.deleted);
  if (!found && allow !== true) throw badRequest("message to be replied not found");
  return found ? Number(id) : null;
}

function readThread(chat: FakeChat, value: unknown): number | null {
  if (value === undefined) return null;
  if (!chat.topics.has(Number(value))) throw badRequest("message thread not found");
  return Number(value);
}

function edit(world: World, { params }: RequestBody): unknown {
  const chat = world.chats.reach(params["chat_id"]);
  const message = world.chats.own(chat, params["message_id"], "edit");
  const text = readText(params, "text", TEXT_UNITS);
  if (text === "") throw badRequest("message text is empty");
  const source = String(params["text"]);
  if (message.text === text && message.source === source) {
    throw badRequest(
      "message is not modified: specified new message content and reply markup are exactly the same as a current " +
        "content and reply markup of the message",
    );
  }
  world.pace(chat.id);
  message.edits.push(message.text);
  message.text = text;
  message.source = source;
  return messageJson(world, chat, message);
}

function remove(world: World, { params }: RequestBody): unknown {
  const chat = world.chats.reach(params["chat_id"]);
  world.chats.own(chat, params["message_id"], "delete").deleted = true;
  return true;
}

function react(world: World, { params }: RequestBody): unknown {
  const chat = world.chats.reach(params["chat_id"]);
  const message = world.chats.own(chat, params["message_id"], "react");
  const [first] = (params["reaction"] ?? []) as readonly { readonly emoji?: string }[];
  message.reaction = first?.emoji ?? null;
  return true;
}

function act(world: World, { params }: RequestBody): unknown {
  world.chats.reach(params["chat_id"]).actions.push(String(params["action"]));
  return true;
}

function draft(world: World, { params }: RequestBody): unknown {
  const chat = world.chats.reach(params["chat_id"]);
  if (!world.drafts || chat.type !== "private") throw badRequest("TEXTDRAFT_PEER_INVALID");
  if (Number(params["draft_id"] ?? 0) === 0) throw badRequest("draft_id must be non-zero");
  chat.drafts.push(readText(params, "text", TEXT_UNITS));
  return true;
}

function getFile(world: World, { params }: RequestBody): unknown {
  const id = String(params["file_id"]);
  const file = world.files.get(id);
  if (file === undefined) throw badRequest("wrong file_id or the file is temporarily unavailable");
  if (file.bytes.length > DOWNLOAD_BYTES) throw badRequest("file is too big");
  return { file_id: id, file_unique_id: id, file_size: file.bytes.length, file_path: file.path };
}

/** Puts a file where `getFile` finds it, and returns its id. */
export function addFile(world: World, name: string, bytes: Buffer): string {
  const id = randomUUID();
  world.files.set(id, { path: `files/${id}/${name}`, bytes });
  return id;
}

export function chatJson(chat: FakeChat): unknown {
  if (chat.type === "private") return { id: chat.id, type: chat.type, first_name: chat.title || "Person" };
  const forum = chat.topics.size > 0 ? { is_forum: true } : {};
  return { id: chat.id, type: chat.type, title: chat.title || "Group", ...forum };
}

/** A message of the bot, as calls return it and as answers to it quote it. */
export function messageJson(world: World, chat: FakeChat, message: FakeMessage): unknown {
  return {
    message_id: message.messageId,
    date: Math.floor(message.at / 1000),
    chat: chatJson(chat),
    ...(message.fromBot && { from: { ...world.bot, is_bot: true } }),
    ...(message.thread !== null && { message_thread_id: message.thread, is_topic_message: true }),
    text: message.text,
  };
}
