import { ApiError, badRequest } from "./fault.ts";

export interface FakeFile {
  readonly kind: "photo" | "document";
  readonly name: string;
  readonly bytes: Buffer;
}

/** A message as people in the chat see it now, and how it came to be. */
export interface FakeMessage {
  readonly messageId: number;
  readonly fromBot: boolean;
  /** What is shown. */
  text: string;
  /** As it was sent, markup included. */
  source: string;
  readonly at: number;
  readonly silent: boolean;
  readonly replyTo: number | null;
  readonly thread: number | null;
  readonly file: FakeFile | null;
  /** What it showed before each edit, oldest first. */
  readonly edits: string[];
  deleted: boolean;
  reaction: string | null;
}

export interface FakeChat {
  readonly id: number;
  type: "private" | "group" | "supergroup";
  title: string;
  /** In order of sending, people's and the bot's, deleted ones too. */
  readonly messages: FakeMessage[];
  /** Messages of the bot that made a sound. */
  notifications: number;
  readonly actions: string[];
  readonly drafts: string[];
  readonly topics: Map<number, string>;
  blocked: boolean;
  migratedTo: number | null;
}

export interface Chats {
  /** The chat, made when it isn't there. */
  meet(id: number, title?: string): FakeChat;
  /** As the bot may reach it. @throws ApiError */
  reach(id: unknown): FakeChat;
  /** A message of the bot that is there. @throws ApiError */
  own(chat: FakeChat, messageId: unknown, what: string): FakeMessage;
  add(chat: FakeChat, message: Pick<FakeMessage, "fromBot" | "text"> & Partial<FakeMessage>): FakeMessage;
  get(id: number): FakeChat | undefined;
  all(): readonly FakeChat[];
}

export function createChats(now: () => number): Chats {
  const chats = new Map<number, FakeChat>();
  const meet = (id: number, title = ""): FakeChat => {
    const known = chats.get(id);
    if (known !== undefined) return known;
    const supergroup = String(id).startsWith("-100");
    const chat: FakeChat = {
      id,
      type: id > 0 ? "private" : supergroup ? "supergroup" : "group",
      title,
      messages: [],
      notifications: 0,
      actions: [],
      drafts: [],
      topics: new Map(),
      blocked: false,
      migratedTo: null,
    };
    chats.set(id, chat);
    return chat;
  };
  return {
    meet,
    get: (id) => chats.get(id),
    all: () => [...chats.values()],
    reach(id) {
      const chat = chats.get(Number(id));
      if (chat === undefined) throw badRequest("chat not found");
      if (chat.migratedTo !== null) {
        throw new ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", {
          migrate_to_chat_id: chat.migratedTo,
        });
      }
      if (chat.blocked) {
        const group =
          chat.type === "private" ? "bot was blocked by the user" : "bot was kicked from the group chat";
        throw new ApiError(403, `Forbidden: ${group}`);
      }
      return chat;
    },
    own(chat, messageId, what) {
      const message = chat.messages.find((m) => m.messageId === Number(messageId) && !m.deleted);
      if (message === undefined) throw badRequest(`message to ${what} not found`);
      if (!message.fromBot && what === "edit") throw badRequest("message can't be edited");
      return message;
    },
    add(chat, message) {
      const added: FakeMessage = {
        messageId: chat.messages.length + 1,
        source: message.text,
        at: now(),
        silent: false,
        replyTo: null,
        thread: null,
        file: null,
        edits: [],
        deleted: false,
        reaction: null,
        ...message,
      };
      chat.messages.push(added);
      return added;
    },
  };
}
