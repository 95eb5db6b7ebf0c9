import { signal, untracked, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Action, Api, Upload } from "../api/client.ts";
import { explain, Unreachable } from "../api/problem.ts";
import type { Message, Report } from "../api/wire.ts";
import { newConversation } from "../logic/conversations.ts";
import { messagesOf } from "../logic/merge-messages.ts";
import type { Chat } from "./chat.ts";
import { newId } from "./new-id.ts";
import type { Router } from "./router.ts";
import type { Sender } from "./sender.ts";
import type { Session } from "./session.ts";

/** What people do on the page. */
export interface Actions {
  /** The agent of a conversation: the chosen one, else the one that it is with, else the first. */
  readonly agentOf: (conversation: string) => string | null;
  readonly chooseAgent: (conversation: string, agent: string) => void;
  readonly send: (conversation: string, text: string, attachments: readonly Upload[]) => void;
  readonly act: (message: Message, action: Action) => Promise<void>;
  readonly startConversation: () => void;
  readonly signOut: () => Promise<void>;
}

export interface ActionDeps {
  readonly api: Api;
  readonly chat: Chat;
  readonly sender: Sender;
  readonly session: Session;
  readonly router: Router;
  readonly report: ReadonlySignal<Report | null>;
  readonly notice: Signal<string | null>;
  readonly fail: (error: unknown) => void;
}

export function createActions({
  api,
  chat,
  sender,
  session,
  router,
  report,
  notice,
  fail,
}: ActionDeps): Actions {
  const chosen = signal<ReadonlyMap<string, string>>(new Map());
  const agentOf = (conversation: string): string | null => {
    const agents = report.value?.agents.map(({ id }) => id) ?? [];
    const last = messagesOf(chat.known.value, conversation).at(-1)?.agent;
    const wanted = chosen.value.get(conversation) ?? last;
    return wanted !== undefined && agents.includes(wanted) ? wanted : (agents[0] ?? null);
  };
  return {
    agentOf,
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
