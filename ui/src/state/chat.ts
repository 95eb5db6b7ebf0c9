import { batch, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Api } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Message, PageEvent } from "../api/wire.ts";
import { isOpen } from "../logic/message-state.ts";
import { isOfPage, mergeMessages, type KnownMessages } from "../logic/merge-messages.ts";

/** What an agent has written so far, and what it is doing. */
export interface Progress {
  readonly text: string;
  readonly activity: string | null;
}

/** How much of a conversation is here. */
export interface Loaded {
  readonly state: "loading" | "ready" | "failed";
  /** Where earlier messages go on; null when there are none. */
  readonly cursor: string | null;
}

export interface Chat {
  readonly known: ReadonlySignal<KnownMessages>;
  /** Per conversation. */
  readonly loaded: ReadonlySignal<ReadonlyMap<string, Loaded>>;
  /** Where the list of conversations goes on; null when all are here. */
  readonly older: ReadonlySignal<string | null>;
  progress(id: string): ReadonlySignal<Progress | null>;
  add(message: Message): void;
  /** Reads a conversation's newest messages. */
  open(conversation: string): Promise<void>;
  earlier(conversation: string): Promise<void>;
  /** Reads the newest messages of everything, for the list of conversations. */
  list(): Promise<void>;
  olderConversations(): Promise<void>;
  /** Reads what is held or failed, of every channel. */
  attention(): Promise<void>;
  /** Reads one message with its whole life. */
  look(id: string): Promise<void>;
  take(event: PageEvent): void;
  forget(): void;
}

export interface ChatDeps {
  readonly api: Api;
  /** What went wrong with a request that nobody waits for. */
  readonly onError: (error: unknown) => void;
  readonly onMessages: (messages: readonly Message[]) => void;
  /** An answer has come to its end. */
  readonly onAnswered: (message: Message) => void;
}

const PAGE = { conversation: "40", list: "100" } as const;

/** What is known of all messages. Requests may overtake each other, so each carries a ticket. */
export function createChat(deps: ChatDeps): Chat {
  const known = signal<KnownMessages>(new Map());
  const loaded = signal<ReadonlyMap<string, Loaded>>(new Map());
  const older = signal<string | null>(null);
  const progresses = new Map<string, Signal<Progress | null>>();
  let tickets = 0;

  const progress = (id: string): Signal<Progress | null> => {
    const found = progresses.get(id) ?? signal<Progress | null>(null);
    progresses.set(id, found);
    return found;
  };
  const take = (messages: readonly Message[], ticket: number): void => {
    const before = known.value;
    known.value = mergeMessages(before, messages, ticket);
    for (const message of messages) {
      const then = before.get(message.id)?.message;
      // What was seen of an answer stays until the whole of it, or a new attempt, takes its place.
      const again = then?.state === "running" && (message.state === "queued" || message.state === "held");
      if (message.state === "done" || again) progress(message.id).value = null;
      if (then !== undefined && isOpen(then) && !isOpen(message)) deps.onAnswered(message);
    }
    deps.onMessages(messages);
  };
  const read = async (query: Readonly<Record<string, string>>): Promise<string | null> => {
    const ticket = ++tickets;
    const { messages, cursor } = await deps.api.messages(query);
    batch(() => take(messages, ticket));
    return cursor;
  };
  const mark = (conversation: string, to: Loaded): void => {
    loaded.value = new Map(loaded.value).set(conversation, to);
  };
  const readConversation = async (conversation: string, from: string | null): Promise<void> => {
    const before = loaded.value.get(conversation);
    if (before?.state !== "ready") mark(conversation, { state: "loading", cursor: null });
    try {
      const query = { conversation, limit: PAGE.conversation, ...(from !== null && { cursor: from }) };
      const cursor = await read(query);
      // Reading the newest page again says nothing about how far back the earlier ones went.
      const keep = from === null && before?.state === "ready";
      mark(conversation, { state: "ready", cursor: keep ? before.cursor : cursor });
    } catch (error) {
      if (before?.state !== "ready") mark(conversation, { state: "failed", cursor: null });
      deps.onError(error);
    }
  };
  const readList = async (from: string | null): Promise<void> => {
    try {
      const cursor = await read({ limit: PAGE.list, ...(from !== null && { cursor: from }) });
      if (from !== null || older.value === null) older.value = cursor;
    } catch (error) {
      deps.onError(error);
    }
  };
  const look = createLook(deps, () => ++tickets, take);

  return {
    known,
    loaded,
    older,
    progress,
    add: (message) => take([message], ++tickets),
    open: (conversation) => readConversation(conversation, null),
    async earlier(conversation) {
      const cursor = loaded.value.get(conversation)?.cursor ?? null;
      if (cursor !== null) await readConversation(conversation, cursor);
    },
    list: () => readList(null),
    async olderConversations() {
      if (older.value !== null) await readList(older.value);
    },
    async attention() {
      try {
        await read({ state: "held,dead,quarantined", limit: "20" });
      } catch (error) {
        deps.onError(error);
      }
    },
    look,
    take(event) {
      if (event.type === "message") void look(event.id);
      if (event.type !== "progress") return;
      const message = known.value.get(event.id)?.message;
      if (message !== undefined && (!isOpen(message) || !isOfPage(message))) return;
      progress(event.id).value = { text: event.text, activity: event.activity };
    },
    forget() {
      [known.value, loaded.value, older.value] = [new Map(), new Map(), null];
      progresses.clear();
    },
  };
}

/** Reads single messages, one request at a time for each: what is told meanwhile is read once more afterwards. */
function createLook(
  deps: ChatDeps,
  ticket: () => number,
  take: (messages: readonly Message[], ticket: number) => void,
): (id: string) => Promise<void> {
  const running = new Map<string, "once" | "again">();
  return async (id) => {
    if (running.has(id)) {
      running.set(id, "again");
      return;
    }
    do {
      running.set(id, "once");
      try {
        const at = ticket();
        take([await deps.api.message(id)], at);
      } catch (error) {
        running.delete(id);
        // A message that was cleared away meanwhile is nobody's fault.
        if (!(error instanceof Problem && error.status === 404)) deps.onError(error);
        return;
      }
    } while (running.get(id) === "again");
    running.delete(id);
  };
}
