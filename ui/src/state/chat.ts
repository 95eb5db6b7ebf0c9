import { batch, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Api, MessageList } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { Message, PageEvent } from "../api/wire.ts";
import { isOpen } from "../logic/message-state.ts";
import { isOfPage, mergeMessages, type KnownMessages } from "../logic/merge-messages.ts";
import { createPageReader, type PageReader } from "./read-pages.ts";

/** What an agent has written so far, and what it is doing. */
export interface Progress {
  readonly text: string;
  readonly activity: string | null;
}

export interface Chat extends PageReader {
  readonly known: ReadonlySignal<KnownMessages>;
  readonly progress: (id: string) => ReadonlySignal<Progress | null>;
  readonly add: (message: Message) => void;
  /** Reads one message with its whole life. */
  readonly look: (id: string) => Promise<void>;
  readonly take: (event: PageEvent) => void;
}

export interface ChatDeps {
  readonly api: Api;
  /** What went wrong with a request that nobody waits for. */
  readonly onError: (error: unknown) => void;
  readonly onMessages: (messages: readonly Message[]) => void;
  /** A message has come to its end. */
  readonly onEnded: (message: Message) => void;
}

/** What is known of all messages. Requests may overtake each other, so each carries a ticket. */
export function createChat(deps: ChatDeps): Chat {
  const known = signal<KnownMessages>(new Map());
  const progresses = new Map<string, Signal<Progress | null>>();
  let tickets = 0;

  const progress = (id: string): Signal<Progress | null> => {
    const found = progresses.get(id) ?? signal<Progress | null>(null);
    progresses.set(id, found);
    return found;
  };
  const takeAll = (messages: readonly Message[], ticket: number): void => {
    const before = known.value;
    known.value = mergeMessages(before, messages, ticket);
    for (const message of messages) {
      const then = before.get(message.id)?.message;
      // What was seen of an answer stays until the whole of it, or a new attempt, takes its place.
      const again = then?.state === "running" && (message.state === "queued" || message.state === "held");
      if (message.state === "done" || again) progress(message.id).value = null;
      if (then !== undefined && isOpen(then) && !isOpen(message)) deps.onEnded(message);
    }
    deps.onMessages(messages);
  };
  const read = async (query: Readonly<Record<string, string>>): Promise<MessageList> => {
    const ticket = ++tickets;
    const page = await deps.api.messages(query);
    batch(() => takeAll(page.messages, ticket));
    return page;
  };
  const reader = createPageReader(read, deps.onError);
  const look = createLook(deps, () => ++tickets, takeAll);

  return {
    ...reader,
    known,
    progress,
    add: (message) => takeAll([message], ++tickets),
    look,
    take(event) {
      if (event.type === "message") void look(event.id);
      if (event.type !== "progress") return;
      const message = known.value.get(event.id)?.message;
      if (message !== undefined && (!isOpen(message) || !isOfPage(message))) return;
      progress(event.id).value = { text: event.text, activity: event.activity };
    },
    forget() {
      reader.forget();
      known.value = new Map();
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
