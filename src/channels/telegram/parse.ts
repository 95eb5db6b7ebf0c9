import type { Address } from "../../core/address.ts";
import { messageOf } from "../../core/errors.ts";
import type { MessageBody } from "../../core/message.ts";
import { SECOND } from "../../core/time.ts";
import type { Inbound } from "../../ports/intake.ts";
import { asObject, isTrue, numberAt, objectAt, textAt, type Json } from "./json.ts";
import { attachmentsOf, describeMedia } from "./parse-media.ts";
import {
  notAPerson,
  originOf,
  quotedOf,
  repliedTo,
  senderOf,
  type BotIdentity,
  type ParseContext,
} from "./parse-names.ts";
import { parseText } from "./parse-text.ts";
import { unreadableUpdate } from "./unreadable.ts";

/** Kinds of updates that are asked for. What isn't here is never delivered, so that nothing waits unread. */
export const UPDATES_WANTED = ["message", "edited_message"] as const;

/**
 * Reads one update of the Bot API. Never throws: what can't be read is kept with its reason, so that one odd update
 * neither stops the ones behind it nor is lost.
 */
export function parseUpdate(update: unknown, context: ParseContext): Inbound {
  try {
    return parseKnown(update, context);
  } catch (error) {
    return unreadableUpdate(update, context, `malformed: ${messageOf(error)}`);
  }
}

function parseKnown(given: unknown, context: ParseContext): Inbound {
  const update = asObject(given) ?? {};
  const edited = objectAt(update, "edited_message");
  const message = objectAt(update, "message") ?? edited;
  if (message !== undefined) {
    const read = parseMessage(message, edited !== undefined, context);
    return read ?? unreadableUpdate(given, context, "malformed: no chat or message id");
  }
  const kind = Object.keys(update).find((key) => key !== "update_id");
  if (kind === undefined || UPDATES_WANTED.some((wanted) => wanted === kind))
    return unreadableUpdate(given, context, "malformed: nothing in it");
  return { kind: "ignored", reason: `update of kind ${kind.slice(0, 40)}` };
}

/** Undefined for a message that isn't one. */
function parseMessage(message: Json, edited: boolean, context: ParseContext): Inbound | undefined {
  const chat = objectAt(message, "chat");
  const chatId = chat === undefined ? undefined : numberAt(chat, "id");
  const messageId = numberAt(message, "message_id");
  if (chat === undefined || chatId === undefined || messageId === undefined) return undefined;
  const moved = movedOf(message, chatId, context);
  if (moved !== undefined) return moved;
  const type = textAt(chat, "type");
  if (type === "channel") return { kind: "ignored", reason: "a channel's post" };
  const machine = notAPerson(message);
  const sender = senderOf(message);
  if (machine !== undefined || sender === undefined)
    return { kind: "ignored", reason: machine ?? "no sender" };
  const read = parseText(message, context.bot);
  if (read.forOther && type !== "private") return { kind: "ignored", reason: "a command for another bot" };
  const body = bodyOf(message, { chat, edited, text: read.text, messageId }, context.bot);
  if (body === undefined) return { kind: "ignored", reason: "a service message" };
  return {
    kind: "message",
    address: addressOf(message, chatId, context),
    dedupeKey: dedupeKey(message, { chatId, messageId, edited }, context.bot),
    sender,
    body,
    addressed: type === "private" || read.addressed,
  };
}

/** A group that became a supergroup says so in both: its old id is dead from then on. */
function movedOf(message: Json, chatId: number, context: ParseContext): Inbound | undefined {
  const place = (id: number): Address => ({
    channel: "telegram",
    account: context.account,
    conversation: String(id),
  });
  const to = numberAt(message, "migrate_to_chat_id");
  if (to !== undefined) return { kind: "moved", from: place(chatId), to: place(to) };
  const from = numberAt(message, "migrate_from_chat_id");
  return from === undefined ? undefined : { kind: "moved", from: place(from), to: place(chatId) };
}

/** Outside of topics Telegram uses `message_thread_id` for mere replies too: those are no threads. */
function addressOf(message: Json, chatId: number, context: ParseContext): Address {
  const thread = isTrue(message, "is_topic_message") ? numberAt(message, "message_thread_id") : undefined;
  return {
    channel: "telegram",
    account: context.account,
    conversation: String(chatId),
    ...(thread !== undefined && { thread: String(thread) }),
  };
}

/**
 * Message ids count per chat, and a private chat's id is the person's with every bot: so the bot's id is a part. Update
 * ids are none: after an idle week they begin anew anywhere.
 */
function dedupeKey(
  message: Json,
  id: { readonly chatId: number; readonly messageId: number; readonly edited: boolean },
  bot: BotIdentity,
): string {
  const key = `${bot.id}:${id.edited ? "edit" : "message"}:${id.chatId}:${id.messageId}`;
  return id.edited ? `${key}:${numberAt(message, "edit_date") ?? 0}` : key;
}

function bodyOf(
  message: Json,
  read: { readonly chat: Json; readonly edited: boolean; readonly text: string; readonly messageId: number },
  bot: BotIdentity,
): MessageBody | undefined {
  const attachments = attachmentsOf(message);
  const shown = read.text === "" && attachments.length === 0 ? describeMedia(message) : read.text;
  // Only the bot's name and nothing else: the call itself is what was said.
  const text = shown ?? textAt(message, "text");
  if (text === undefined) return undefined;
  const title = textAt(read.chat, "title");
  const topic = topicOf(message);
  const quoted = quotedOf(message, bot);
  const forwardedFrom = originOf(message, "forward_origin");
  const album = textAt(message, "media_group_id");
  return {
    text,
    attachments,
    chat: {
      kind: textAt(read.chat, "type") === "private" ? "direct" : "group",
      ...(title !== undefined && { title }),
      ...(topic !== undefined && { topic }),
    },
    ...(quoted !== undefined && { quoted }),
    ...(forwardedFrom !== undefined && { forwardedFrom }),
    sentAt:
      (numberAt(message, read.edited ? "edit_date" : "date") ?? numberAt(message, "date") ?? 0) * SECOND,
    platformId: String(read.messageId),
    ...(album !== undefined && { album }),
    ...(read.edited && { edited: true }),
  };
}

/** A topic's name comes along only with messages that answer nothing else. */
function topicOf(message: Json): string | undefined {
  const first = repliedTo(message) === undefined ? objectAt(message, "reply_to_message") : undefined;
  const created = first === undefined ? undefined : objectAt(first, "forum_topic_created");
  return created === undefined ? undefined : textAt(created, "name");
}
