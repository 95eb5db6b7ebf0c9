import type { MessageBody, Sender } from "../../core/message.ts";
import { isTrue, numberAt, objectAt, textAt, type Json } from "./json.ts";
import { describeMedia } from "./parse-media.ts";

/** What the parser knows of the bot whose updates these are. */
export interface BotIdentity {
  readonly id: string;
  /** Without the `@`. */
  readonly username: string;
  readonly name: string;
}

/** Whose updates are read, and on which account. */
export interface ParseContext {
  readonly account: string;
  readonly bot: BotIdentity;
}

/** A person's or a chat's name for reading. */
export function nameOf(from: Json): string {
  const names = [textAt(from, "first_name"), textAt(from, "last_name")].filter((name) => name !== undefined);
  return names.join(" ") || textAt(from, "title") || textAt(from, "username") || "unknown";
}

/**
 * Who wrote a message. An anonymous administrator and somebody who writes as a channel have the id of the chat that
 * they write as: the person behind it isn't told.
 */
export function senderOf(message: Json): Sender | undefined {
  const from = objectAt(message, "sender_chat") ?? objectAt(message, "from");
  const id = from === undefined ? undefined : numberAt(from, "id");
  if (from === undefined || id === undefined) return undefined;
  const username = textAt(from, "username");
  return { id: String(id), name: nameOf(from), ...(username !== undefined && { username }) };
}

/** A message of a topic "answers" the topic's first message: that is no quote. */
export function repliedTo(message: Json): Json | undefined {
  const replied = objectAt(message, "reply_to_message");
  return replied === undefined || objectAt(replied, "forum_topic_created") !== undefined
    ? undefined
    : replied;
}

/** The message that this one answers: what was selected of it, else its text, else what it shows. */
export function quotedOf(message: Json, bot: BotIdentity): MessageBody["quoted"] {
  const replied = repliedTo(message);
  const external = objectAt(message, "external_reply");
  const source = replied ?? external;
  if (source === undefined) return undefined;
  const selected = objectAt(message, "quote");
  const text =
    (selected === undefined ? undefined : textAt(selected, "text")) ??
    textAt(source, "text") ??
    textAt(source, "caption") ??
    describeMedia(source);
  if (text === undefined) return undefined;
  return {
    author: replied === undefined ? (originOf(source, "origin") ?? "unknown") : authorOf(replied, bot),
    text,
  };
}

function authorOf(message: Json, bot: BotIdentity): string {
  const sender = senderOf(message);
  if (sender === undefined) return "unknown";
  return sender.id === bot.id ? `${bot.name} (you)` : sender.name;
}

/** Where a forwarded or quoted message comes from, as far as it is told. */
export function originOf(message: Json, key: "forward_origin" | "origin"): string | undefined {
  const origin = objectAt(message, key);
  if (origin === undefined) return undefined;
  const user = objectAt(origin, "sender_user");
  const chat = objectAt(origin, "sender_chat") ?? objectAt(origin, "chat");
  const named = user ?? chat;
  if (named === undefined) return textAt(origin, "sender_user_name") ?? "unknown";
  const signature = textAt(origin, "author_signature");
  return signature === undefined ? nameOf(named) : `${nameOf(named)} (${signature})`;
}

/** Why a message is no person's word to the bot, undefined when it is. */
export function notAPerson(message: Json): string | undefined {
  if (isTrue(message, "is_automatic_forward")) return "a post of the linked channel";
  const from = objectAt(message, "from");
  if (from === undefined && objectAt(message, "sender_chat") === undefined) return "no sender";
  const bot = from !== undefined && isTrue(from, "is_bot");
  return bot && objectAt(message, "sender_chat") === undefined ? "written by a bot" : undefined;
}
