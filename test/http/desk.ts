import type { Entry, EntryState, NewEntry } from "../../src/core/entry.ts";
import { ENTRY_STATES } from "../../src/core/entry.ts";
import { RollcallError, type ErrorCode } from "../../src/core/errors.ts";
import type { DeliveryId, MessageId, SessionKey } from "../../src/core/ids.ts";
import type { HttpDeps } from "../../src/http/deps.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Events } from "../../src/ports/events.ts";
import type { Accepted, InboundMessage } from "../../src/ports/intake.ts";
import type { PairingRow, StoredMessage, TokenRow } from "../../src/ports/store.ts";

/** Everything behind the HTTP side, in memory: what was accepted, and what an operator did. */
export interface Desk extends Pick<HttpDeps, "intake" | "operate" | "store" | "roster"> {
  readonly messages: Map<string, StoredMessage>;
  readonly did: string[];
  readonly pairs: PairingRow[];
  readonly notes: Map<string, string>;
  /** When set, the intake refuses so. */
  refuse: ErrorCode | null;
  /** When set, the intake rejects so. */
  reject: RollcallError | null;
  /** Ends a message with a reply, as a turn does. */
  answer(id: string, text: string, state?: EntryState): void;
}

export function createDesk(clock: Clock, events: Events): Desk {
  const messages = new Map<string, StoredMessage>();
  const tokens: (TokenRow & { hash: string })[] = [];
  const did: string[] = [];
  const notes = new Map<string, string>();
  const pairs: PairingRow[] = [];
  const get = (id: string): StoredMessage => {
    const found = messages.get(id);
    if (found === undefined) throw new RollcallError("no-such-id");
    return found;
  };
  const add = (item: InboundMessage): Accepted => {
    const earlier = [...messages.values()].find(({ entry }) => entry.dedupeKey === item.dedupeKey);
    if (earlier !== undefined) return { outcome: "duplicate", id: earlier.entry.id, same: false };
    const entry = entryOf(item, messages.size + 1, clock.now());
    messages.set(entry.id, {
      entry,
      turn: null,
      reply: null,
      deliveries: [],
      history: [{ at: clock.now(), event: "accepted", epoch: 1, data: {} }],
    });
    return { outcome: "accepted", entry };
  };
  const act =
    (what: string) =>
    (id: string): Promise<Entry> => {
      did.push(`${what} ${id}`);
      return Promise.resolve().then(() => get(id).entry);
    };
  const desk: Desk = {
    messages,
    did,
    pairs,
    notes,
    refuse: null,
    reject: null,
    answer(id, text, state = "done") {
      const stored = get(id);
      const entry: Entry = { ...stored.entry, state };
      messages.set(id, { ...stored, entry, reply: { text, files: ["/home/somebody/out.pdf"] } });
      events.publish({ type: "message", id: entry.id, conversation: "web/default/main", state });
    },
    intake: {
      accept: async (batch) => {
        if (desk.reject !== null) throw desk.reject;
        const { refuse } = desk;
        return batch.items.map((item) => {
          if (refuse !== null) return { outcome: "refused", code: refuse };
          return item.kind === "message" ? add(item) : { outcome: "ignored" };
        });
      },
    },
    operate: {
      cancel: act("cancel"),
      retry: act("retry"),
      retryDead: async (agent) => {
        did.push(`retry dead ${agent}`);
        return [...messages.values()].map(({ entry }) => entry.id);
      },
      planRerun: async (id, agent) => {
        did.push(`plan:${agent} ${id}`);
        const { entry } = get(id);
        return {
          entry,
          agent: agent ?? entry.agent,
          session: entry.session,
          candidates: [],
          runsOn: null,
          prompt: null,
          resume: null,
          files: [],
          answerTo: entry.address,
          ahead: 0,
          toolsRan: null,
          refusal: null,
        };
      },
      release: act("release"),
      releaseHeld: async (agent) => {
        did.push(`release held ${agent}`);
        return [...messages.values()].map(({ entry }) => entry);
      },
      rerun: (id, agent) => act(`rerun:${agent}`)(id),
      stopSession: () => Promise.resolve(0),
      resetSession: (session) => Promise.resolve(void did.push(`reset ${session}`)),
      notify: (to, text, key) => {
        did.push(`notify ${to.channel} ${text} ${key}`);
        return Promise.resolve({
          id: "d_1" as DeliveryId,
          key: key ?? "x",
          kind: "notice",
          address: to,
          body: { text, format: "plain" },
          entry: null,
          turn: null,
          part: 0,
          createdAt: 0,
          seq: 1,
          state: "ready",
          attempts: 0,
          inDoubt: false,
          notBefore: 0,
          platformId: null,
        });
      },
      decidePairing: async (code, to) => {
        did.push(`${to} ${code}`);
        if (code !== "ABCDEFGH") throw new RollcallError("no-such-id");
      },
    },
    roster: {
      current: () => ({
        number: 1,
        agents: new Map([
          ["main", {} as never],
          ["other", {} as never],
        ]),
        firstAgent: "main",
        harnesses: new Map(),
        candidates: () => [],
      }),
    },
    store: {
      message: (id) => Promise.resolve(messages.get(id) ?? null),
      stateOf: (id) => Promise.resolve(messages.get(id)?.entry.state ?? null),
      messages: (filter) => {
        const found = [...messages.values()]
          .reverse()
          .filter(
            ({ entry }) =>
              (filter.states === undefined || filter.states.includes(entry.state)) &&
              (filter.before === undefined || entry.seq < filter.before) &&
              (filter.conversation === undefined ||
                entry.address.conversation === filter.conversation.conversation),
          );
        return Promise.resolve(found.slice(0, filter.limit));
      },
      counts: () =>
        Promise.resolve(Object.fromEntries(ENTRY_STATES.map((s) => [s, 0])) as Record<EntryState, number>),
      totals: () => Promise.resolve({ received: 5, accepted: 2, duplicate: 1, ignored: 1, refused: 1 }),
      oldestWaiting: () => Promise.resolve(null),
      sessions: () =>
        Promise.resolve([
          {
            key: "agent:main:web:direct:main" as SessionKey,
            agent: "main",
            lastAt: 0,
            messages: 1,
            harnesses: [],
          },
        ]),
      findByKey: (_channel, _account, key) =>
        Promise.resolve([...messages.values()].find(({ entry }) => entry.dedupeKey === key)?.entry ?? null),
      isPaired: () => Promise.resolve(false),
      openPairing: () => Promise.resolve(null),
      pairings: () => Promise.resolve(pairs),
      decidePairing: () => Promise.resolve(null),
      revokePairing: (channel, account, sender) =>
        Promise.resolve(`${channel}/${account}/${sender}` === "telegram/default/7"),
      tokens: () => Promise.resolve(tokens),
      addToken: (token) => Promise.resolve(void tokens.push(token)),
      tokenByHash: (hash) => Promise.resolve(tokens.find((token) => token.hash === hash) ?? null),
      revokeToken: (id) => {
        const index = tokens.findIndex((token) => token.id === id);
        if (index >= 0) tokens.splice(index, 1);
        return Promise.resolve(index >= 0);
      },
      note: (key) => Promise.resolve(notes.get(key) ?? null),
      setNote: (key, value) =>
        Promise.resolve(void (value === null ? notes.delete(key) : notes.set(key, value))),
    },
  };
  return desk;
}

function entryOf(item: InboundMessage, seq: number, now: number): Entry {
  const { address, dedupeKey, sender, body } = item;
  const entry: NewEntry = {
    id: `m_${seq}` as MessageId,
    kind: "message",
    address,
    dedupeKey,
    clientId: item.clientId ?? null,
    sender,
    role: item.role ?? "unknown",
    agent: item.agent ?? "main",
    session: "agent:main:web:direct:main" as SessionKey,
    body,
    acceptedAt: now,
    notBefore: now,
    replayOf: null,
  };
  return { ...entry, seq, state: "queued", attempt: 0, hold: null, turn: null };
}
