import type { EntryState } from "../../../src/core/entry.ts";

/** A message of the fake, in the words of the API. */
export interface FakeMessage {
  readonly seq: number;
  readonly id: string;
  readonly clientId: string | null;
  state: EntryState;
  kind: "message" | "control";
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly sender: { readonly id: string; readonly name: string };
  agent: string;
  readonly session: string;
  readonly text: string;
  readonly attachments: readonly { kind: string; name: string; mime: string; bytes: number }[];
  readonly acceptedAt: string;
  attempts: number;
  harness: string | null;
  model: string | null;
  generation: number | null;
  turn: string | null;
  reply: { text: string; files: string[] } | null;
  hold: { code: string; since: string; incident: string | null } | null;
  replayOf: string | null;
  deliveries: {
    id: string;
    kind: string;
    state: string;
    attempts: number;
    inDoubt: boolean;
    platformId: string | null;
    text?: string;
  }[];
  history: Record<string, unknown>[];
}

/** What a new message is made of. */
export interface FakeAsk {
  readonly text: string;
  readonly agent?: string | undefined;
  readonly conversation?: string | undefined;
  readonly clientId?: string | null | undefined;
  readonly channel?: string | undefined;
  readonly sender?: string | undefined;
  readonly attachments?: FakeMessage["attachments"] | undefined;
  readonly at?: number | undefined;
}

/** The messages of the fake and the ring of its events. */
export interface FakeStore {
  readonly messages: FakeMessage[];
  /** Adds a message, accepted and waiting. */
  accept(ask: FakeAsk): FakeMessage;
  /** Changes a message, writes its history, and tells the watchers. */
  change(message: FakeMessage, to: Partial<FakeMessage>, event: string, data?: Record<string, unknown>): void;
  emit(type: string, data: unknown): void;
  /** While true nothing is told: what happens is found only by asking. */
  silent: boolean;
  /** Events after an id; undefined when it isn't known. */
  since(id: string): readonly { readonly id: string; readonly text: string }[] | undefined;
  latest(): string;
  /** Forgets all events, as a ring that has moved on. */
  forgetEvents(): void;
  watch(wake: () => void): () => void;
}

export function createFakeStore(): FakeStore {
  const messages: FakeMessage[] = [];
  const watchers = new Set<() => void>();
  let ring: { readonly id: string; readonly text: string }[] = [];
  let last = 0;
  let forgotten = -1;

  const emit = (type: string, data: unknown): void => {
    if (store.silent) return;
    last += 1;
    ring.push({ id: `e-${last}`, text: `id: e-${last}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n` });
    for (const wake of watchers) wake();
  };
  const tell = ({ id, conversation, state }: FakeMessage): void =>
    emit("message", { id, conversation, state });
  const store: FakeStore = {
    messages,
    emit,
    silent: false,
    accept(ask) {
      const message = makeMessage(messages.length + 1, ask);
      messages.push(message);
      tell(message);
      return message;
    },
    change(message, to, event, data = {}) {
      Object.assign(message, to);
      message.history.push({ at: new Date().toISOString(), event, epoch: 1, ...data });
      tell(message);
    },
    since(id) {
      const number = Number(id.replace(/^e-/, ""));
      if (!Number.isInteger(number) || number <= forgotten || number > last) return undefined;
      return ring.filter((one) => Number(one.id.slice(2)) > number);
    },
    latest: () => `e-${last}`,
    forgetEvents() {
      ring = [];
      forgotten = last;
      last += 1;
    },
    watch(wake) {
      watchers.add(wake);
      return () => watchers.delete(wake);
    },
  };
  return store;
}

function makeMessage(seq: number, ask: FakeAsk): FakeMessage {
  const acceptedAt = new Date(ask.at ?? Date.now()).toISOString();
  const agent = ask.agent ?? "main";
  const channel = ask.channel ?? "web";
  const conversation = ask.conversation ?? "main";
  return {
    seq,
    id: `m_${String(seq).padStart(9, "0")}abcdefghj`,
    clientId: ask.clientId ?? null,
    state: "queued",
    kind: "message",
    channel,
    account: "default",
    conversation,
    sender: { id: "page", name: ask.sender ?? "operator" },
    agent,
    session: `agent:${agent}:${channel}:direct:${encodeURIComponent(conversation)}`,
    text: ask.text,
    attachments: ask.attachments ?? [],
    acceptedAt,
    attempts: 0,
    harness: null,
    model: null,
    generation: null,
    turn: null,
    reply: null,
    hold: null,
    replayOf: null,
    deliveries: [],
    history: [{ at: acceptedAt, event: "accepted", epoch: 1 }],
  };
}
