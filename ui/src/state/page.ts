import { computed, effect, signal, untracked, type ReadonlySignal, type Signal } from "@preact/signals";
import { createApi, type Action, type Upload } from "../api/client.ts";
import { explain, Problem, Unreachable } from "../api/problem.ts";
import type { Message, PageEvent, Report } from "../api/wire.ts";
import { conversationsOf, MAIN, newConversation, type Conversation } from "../logic/conversations.ts";
import { messagesOf } from "../logic/merge-messages.ts";
import { spokenEnd } from "../logic/spoken.ts";
import type { Box } from "../logic/unsent-box.ts";
import { browserTimers } from "./browser-timers.ts";
import { createChat, type Chat } from "./chat.ts";
import { newId } from "./new-id.ts";
import { createRouter, type Router } from "./router.ts";
import { createSender, type Sender } from "./sender.ts";
import { createSession, type Session } from "./session.ts";

/** Everything that the views show and do. */
export interface Page {
  readonly box: Box;
  readonly chat: Chat;
  readonly sender: Sender;
  readonly session: Session;
  readonly router: Router;
  readonly report: ReadonlySignal<Report | null>;
  readonly conversations: ReadonlySignal<readonly Conversation[]>;
  /** The wall clock, to the quarter minute. */
  readonly now: ReadonlySignal<number>;
  /** One line about what went wrong last, until it is put away. */
  readonly notice: Signal<string | null>;
  /** What a screen reader is told. */
  readonly spoken: ReadonlySignal<string>;
  /** The agent of a conversation: the chosen one, else the one that it is with, else the first. */
  readonly agentOf: (conversation: string) => string | null;
  readonly chooseAgent: (conversation: string, agent: string) => void;
  readonly send: (conversation: string, text: string, attachments: readonly Upload[]) => void;
  readonly act: (message: Message, action: Action) => Promise<void>;
  readonly startConversation: () => void;
  readonly signOut: () => Promise<void>;
}

/** How often "5 minutes ago" is counted anew, in ms. */
const TICK = 15_000;

/** Builds the page over the browser's own means and begins: signs in, listens, reads. */
export function createPage(box: Box): Page {
  const call: typeof fetch = (url, init) => fetch(url, init);
  const api = createApi(call);
  const report = signal<Report | null>(null);
  const notice = signal<string | null>(null);
  const spoken = signal("");
  const chosen = signal<ReadonlyMap<string, string>>(new Map());

  const fail = (error: unknown): void => {
    if (error instanceof Problem && error.status === 401) session.lost();
    // That the gateway can't be reached is said once, by the connection.
    else if (!(error instanceof Unreachable)) notice.value = explain(error);
  };
  const chat = createChat({
    api,
    onError: fail,
    onMessages: (messages) => sender.confirm(messages),
    onAnswered(message) {
      spoken.value = spokenEnd(message);
    },
  });
  const sender = createSender({
    box,
    timers: browserTimers,
    send: (message) => api.send(message),
    onAccepted: (message) => chat.add(message),
    onSignedOut: () => session.lost(),
  });
  const readReport = async (): Promise<void> => {
    try {
      report.value = await api.report();
    } catch (error) {
      fail(error);
    }
  };
  const onEvent = (event: PageEvent): void => {
    if (event.type === "reset") readAll();
    else if (event.type === "status") void readReport();
    else chat.take(event);
  };
  const readAll = (): void => {
    void readReport();
    void chat.list();
    void chat.open(open.peek());
    sender.wake();
  };
  const session = createSession({ api, fetch: call, timers: browserTimers, onEvent, onAgain: readAll });
  const router = createRouter((code) => void session.signIn(code));
  const open = computed(() => (router.route.value.view === "chat" ? router.route.value.conversation : MAIN));

  effect(() => {
    if (session.who.value === "in") untracked(readAll);
  });
  effect(() => {
    const name = open.value;
    if (session.who.peek() === "in") untracked(() => void chat.open(name));
  });
  const now = watchBrowser(session, sender);
  if (!router.byLink) session.begin();

  const agentOf = (conversation: string): string | null => {
    const agents = report.value?.agents.map(({ id }) => id) ?? [];
    const last = messagesOf(chat.known.value, conversation).at(-1)?.agent;
    const wanted = chosen.value.get(conversation) ?? last;
    return wanted !== undefined && agents.includes(wanted) ? wanted : (agents[0] ?? null);
  };
  return {
    box,
    chat,
    sender,
    session,
    router,
    report,
    now,
    notice,
    spoken,
    agentOf,
    conversations: computed(() => conversationsOf(chat.known.value, sender.items.value, open.value)),
    chooseAgent(conversation, agent) {
      chosen.value = new Map(chosen.value).set(conversation, agent);
    },
    send(conversation, text, attachments) {
      const agent = untracked(() => agentOf(conversation));
      sender.add({ id: newId(), conversation, agent, text, attachments, at: Date.now() });
    },
    async act(message, action) {
      try {
        chat.add(await api.act(message.id, action));
      } catch (error) {
        fail(error);
        if (error instanceof Unreachable) notice.value = explain(error);
      }
      await chat.look(message.id);
    },
    startConversation: () =>
      router.go({ view: "chat", conversation: newConversation(Date.now(), Math.random()), message: null }),
    async signOut() {
      try {
        await session.signOut();
        chat.forget();
      } catch (error) {
        notice.value = explain(error);
      }
    },
  };
}

/** What the browser itself tells: the network is back, the page is looked at, another tab sent something, time goes on. */
function watchBrowser(session: Session, sender: Sender): ReadonlySignal<number> {
  const now = signal(Date.now());
  const wake = (): void => {
    if (document.visibilityState !== "visible") return;
    now.value = Date.now();
    session.wake();
    sender.wake();
  };
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  addEventListener("storage", () => sender.reread());
  setInterval(() => {
    now.value = Date.now();
  }, TICK);
  return now;
}
