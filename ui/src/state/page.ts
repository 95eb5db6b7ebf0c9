import { computed, effect, signal, untracked, type ReadonlySignal, type Signal } from "@preact/signals";
import { createApi } from "../api/client.ts";
import { explain, Problem, Unreachable } from "../api/problem.ts";
import type { PageEvent, Report } from "../api/wire.ts";
import { conversationsOf, MAIN, type Conversation } from "../logic/conversations.ts";
import { spokenEnd } from "../logic/spoken.ts";
import type { Box } from "../logic/unsent-box.ts";
import { createActions, type Actions } from "./actions.ts";
import { browserTimers } from "./browser-timers.ts";
import { createChat, type Chat } from "./chat.ts";
import { createRouter, type Router } from "./router.ts";
import { createSender, type Sender } from "./sender.ts";
import { createSession, type Session } from "./session.ts";

/** Everything that the views show and do. */
export interface Page extends Actions {
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

  const fail = (error: unknown): void => {
    if (error instanceof Problem && error.status === 401) session.lost();
    // That the gateway can't be reached is said once, by the connection.
    else if (!(error instanceof Unreachable)) notice.value = explain(error);
  };
  const chat = createChat({
    api,
    onError: fail,
    onMessages: (messages) => sender.confirm(messages),
    onEnded(message) {
      spoken.value = spokenEnd(message);
    },
  });
  const sender = createSender({
    box,
    timers: browserTimers,
    send: (message) => api.send(message),
    onAccepted: chat.add,
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
  const conversations = computed(() => conversationsOf(chat.known.value, sender.items.value, open.value));
  const state = { box, chat, sender, session, router, report, conversations, now, notice, spoken };
  return { ...state, ...createActions({ ...state, api, fail }) };
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
