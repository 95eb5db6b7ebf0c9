import { randomUUID } from "node:crypto";
import type { FakeChat, FakeMessage } from "./chats.ts";
import { addFile, chatJson, messageJson, sourceOf, type World } from "./methods.ts";

export interface SayOptions {
  /** Who says it; 12345 when absent. In a private chat also the chat. */
  readonly from?: number;
  readonly name?: string;
  readonly username?: string;
  /** The message that is answered. */
  readonly replyTo?: number;
  /** A topic of the group; made when it isn't there. */
  readonly thread?: number;
  /** Fields of the message as the Bot API names them, over what is made up here. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface Said {
  readonly updateId: number;
  readonly messageId: number;
}

/** What people do, as it becomes updates of the bot. */
export interface People {
  readonly say: (text: string, options?: SayOptions) => Said;
  readonly sayInGroup: (chat: number, text: string, options?: SayOptions) => Said;
  /** A message with a file; `kind` as the Bot API names it. */
  readonly sayFile: (
    file: { kind: string; name: string; content: string; mime?: string },
    options?: SayOptions & { caption?: string },
  ) => Said;
  /** Photos of one album; the first has the caption. */
  readonly album: (count: number, options?: SayOptions & { caption?: string }) => readonly Said[];
  readonly edit: (messageId: number, text: string, options?: SayOptions & { chat?: number }) => Said;
  readonly press: (data: string, options?: SayOptions & { messageId?: number }) => number;
  /** A group becomes a supergroup; returns its new id. */
  readonly migrate: (chat: number) => number;
}

export const PERSON = 12345;

export function createPeople(world: World, now: () => number): People {
  const userJson = (options: SayOptions): unknown => ({
    id: options.from ?? PERSON,
    is_bot: false,
    first_name: options.name ?? "Ada",
    ...(options.username !== undefined && { username: options.username }),
  });
  const post = (chat: FakeChat, content: Readonly<Record<string, unknown>>, options: SayOptions): Said => {
    const { thread } = options;
    if (thread !== undefined && !chat.topics.has(thread)) chat.topics.set(thread, `Topic ${thread}`);
    const text = sourceOf(content);
    const message = world.chats.add(chat, {
      fromBot: false,
      text,
      replyTo: options.replyTo ?? null,
      thread: thread ?? null,
    });
    const json = {
      message_id: message.messageId,
      from: userJson(options),
      chat: chatJson(chat),
      date: Math.floor(now() / 1000),
      ...(thread !== undefined && { message_thread_id: thread, is_topic_message: true }),
      ...replyJson(world, chat, options.replyTo),
      ...content,
      ...entitiesJson(content),
      ...options.extra,
    };
    return { updateId: world.updates.push("message", json), messageId: message.messageId };
  };
  const direct = (options: SayOptions): FakeChat => world.chats.meet(options.from ?? PERSON, options.name);
  const photo = (): unknown => {
    const size = (side: number) => ({
      file_id: addFile(world, `${side}.jpg`, Buffer.from(`\xFF\xD8${side}`, "latin1")),
      width: side,
      height: side,
      file_size: side,
    });
    return [size(90), size(1280), size(320)];
  };
  return {
    say: (text, options = {}) => post(direct(options), { text }, options),
    sayInGroup: (chat, text, options = {}) => post(world.chats.meet(chat), { text }, options),
    sayFile({ kind, name, content, mime }, options = {}) {
      const bytes = Buffer.from(content);
      const file = {
        file_id: addFile(world, name, bytes),
        file_name: name,
        file_size: bytes.length,
        ...(mime !== undefined && { mime_type: mime }),
      };
      const value = kind === "photo" ? photo() : file;
      const { caption } = options;
      return post(direct(options), { [kind]: value, ...(caption !== undefined && { caption }) }, options);
    },
    album(count, options = {}) {
      const media_group_id = randomUUID();
      return Array.from({ length: count }, (_, i) => {
        const caption = i === 0 && options.caption !== undefined ? { caption: options.caption } : {};
        return post(direct(options), { media_group_id, photo: photo(), ...caption }, options);
      });
    },
    edit(messageId, text, options = {}) {
      const chat = world.chats.meet(options.chat ?? options.from ?? PERSON);
      const message = chat.messages.find((m) => m.messageId === messageId);
      if (message !== undefined) message.text = text;
      const edited = {
        message_id: messageId,
        from: userJson(options),
        chat: chatJson(chat),
        date: Math.floor((message?.at ?? now()) / 1000),
        edit_date: Math.floor(now() / 1000),
        text,
        ...entitiesJson({ text }),
        ...options.extra,
      };
      return { updateId: world.updates.push("edited_message", edited), messageId };
    },
    press(data, options = {}) {
      const chat = direct(options);
      const message = chat.messages.find((m) => m.messageId === options.messageId);
      const query = { id: randomUUID(), from: userJson(options), chat_instance: "1", data };
      return world.updates.push("callback_query", {
        ...query,
        ...(message !== undefined && { message: messageJson(world, chat, message) }),
      });
    },
    migrate(id) {
      const from = world.chats.meet(id);
      const to = world.chats.meet(Number(`-100${Math.abs(id)}`), from.title);
      post(from, { migrate_to_chat_id: to.id }, {});
      from.migratedTo = to.id;
      post(to, { migrate_from_chat_id: id }, {});
      return to.id;
    },
  };
}

function replyJson(
  world: World,
  chat: FakeChat,
  replyTo: number | undefined,
): Readonly<Record<string, unknown>> {
  const quoted: FakeMessage | undefined = chat.messages.find((message) => message.messageId === replyTo);
  return quoted === undefined ? {} : { reply_to_message: messageJson(world, chat, quoted) };
}

/** Marks what the platform marks by itself: commands and mentions. */
function entitiesJson(content: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const key = typeof content["text"] === "string" ? "text" : "caption";
  const text = content[key];
  if (typeof text !== "string") return {};
  const found = [...text.matchAll(/(?<![\w/])(?:\/\w+(?:@\w+)?|@\w{3,})/g)].map((match) => ({
    type: match[0].startsWith("/") ? "bot_command" : "mention",
    offset: match.index,
    length: match[0].length,
  }));
  return found.length === 0 ? {} : { [key === "text" ? "entities" : "caption_entities"]: found };
}
