import { signal, type ReadonlySignal } from "@preact/signals";
import type { MessageList } from "../api/client.ts";

/** How much of a conversation is here. */
export interface Loaded {
  readonly state: "loading" | "ready" | "failed";
  /** Where earlier messages go on; null when there are none. */
  readonly cursor: string | null;
  /** The newest message when the newest page was read last. */
  readonly newest: string | null;
}

/** Reads messages in pages: of one conversation, and of everything for the list of conversations. */
export interface PageReader {
  /** Per conversation. */
  readonly loaded: ReadonlySignal<ReadonlyMap<string, Loaded>>;
  /** Where the list of conversations goes on; null when all are here. */
  readonly older: ReadonlySignal<string | null>;
  /** Reads a conversation's newest messages. */
  readonly open: (conversation: string) => Promise<void>;
  readonly earlier: (conversation: string) => Promise<void>;
  /** Reads the newest messages of everything, for the list of conversations. */
  readonly list: () => Promise<void>;
  readonly olderConversations: () => Promise<void>;
  /** Reads what is held or failed, of every channel. */
  readonly attention: () => Promise<void>;
  readonly forget: () => void;
}

const LIMITS = { conversation: "40", list: "100", attention: "20" } as const;

/**
 * @param read asks for a page and takes in what it brings
 * @param onError what went wrong with a request that nobody waits for
 */
export function createPageReader(
  read: (query: Readonly<Record<string, string>>) => Promise<MessageList>,
  onError: (error: unknown) => void,
): PageReader {
  const loaded = signal<ReadonlyMap<string, Loaded>>(new Map());
  const older = signal<string | null>(null);
  let listed = false;

  const mark = (conversation: string, to: Loaded): void => {
    loaded.value = new Map(loaded.value).set(conversation, to);
  };
  const readConversation = async (conversation: string, from: string | null): Promise<void> => {
    const before = loaded.value.get(conversation);
    const nothing = { cursor: null, newest: null };
    if (before?.state !== "ready") mark(conversation, { state: "loading", ...nothing });
    try {
      const query = { conversation, limit: LIMITS.conversation, ...(from !== null && { cursor: from }) };
      mark(conversation, loadedBy(await read(query), from, before));
    } catch (error) {
      if (before?.state !== "ready") mark(conversation, { state: "failed", ...nothing });
      onError(error);
    }
  };
  const readAll = async (query: Readonly<Record<string, string>>): Promise<string | null | undefined> => {
    try {
      return (await read(query)).cursor;
    } catch (error) {
      onError(error);
      return undefined;
    }
  };
  return {
    loaded,
    older,
    open: (conversation) => readConversation(conversation, null),
    async earlier(conversation) {
      const cursor = loaded.value.get(conversation)?.cursor ?? null;
      if (cursor !== null) await readConversation(conversation, cursor);
    },
    async list() {
      const cursor = await readAll({ limit: LIMITS.list });
      if (cursor === undefined || listed) return;
      listed = true;
      older.value = cursor;
    },
    async olderConversations() {
      if (older.value === null) return;
      const cursor = await readAll({ limit: LIMITS.list, cursor: older.value });
      if (cursor !== undefined) older.value = cursor;
    },
    attention: async () => void (await readAll({ state: "held,dead,quarantined", limit: LIMITS.attention })),
    forget() {
      [loaded.value, older.value, listed] = [new Map(), null, false];
    },
  };
}

/**
 * What is loaded after a page was read. Reading the newest page again says nothing about how far back the earlier ones
 * went, unless it doesn't reach what was there before: then there is a gap, and reading back begins anew. Pure.
 *
 * @param from the cursor of the page; null for the newest
 */
export function loadedBy(page: MessageList, from: string | null, before: Loaded | undefined): Loaded {
  if (from !== null) return { state: "ready", cursor: page.cursor, newest: before?.newest ?? null };
  const newest = page.messages[0]?.id ?? null;
  const reaches = before?.state === "ready" && page.messages.some(({ id }) => id === before.newest);
  return { state: "ready", cursor: reaches ? before.cursor : page.cursor, newest };
}
