import assert from "node:assert/strict";
import type { Address } from "../../src/core/address.ts";
import type { NewDelivery } from "../../src/core/delivery.ts";
import type { Entry, EntryState, NewEntry } from "../../src/core/entry.ts";
import type { DeliveryId, MessageId, SessionKey, TurnId } from "../../src/core/ids.ts";
import type { MessageBody } from "../../src/core/message.ts";
import type { Turn } from "../../src/core/turn.ts";
import type { Accepted, Decided } from "../../src/ports/intake.ts";
import type { EntryMove, MoveFacts, Store } from "../../src/ports/store.ts";

export const BATCH = { channel: "telegram", account: "default" } as const;
export const AT = Date.UTC(2026, 0, 1);

export const messageId = (id: string): MessageId => id as MessageId;
export const turnId = (id: string): TurnId => id as TurnId;
export const sessionKey = (key: string): SessionKey => key as SessionKey;

export function address(conversation = "12345", thread?: string): Address {
  return { ...BATCH, conversation, ...(thread !== undefined && { thread }) };
}

export function body(text: string, more: Partial<MessageBody> = {}): MessageBody {
  return { text, attachments: [], chat: { kind: "direct" }, sentAt: AT, ...more };
}

/** An entry named by a number: its id, key, and text follow from it. */
export function newEntry(n: number | string, more: Partial<NewEntry> = {}): NewEntry {
  return {
    id: messageId(`m_${n}`),
    kind: "message",
    address: address(),
    dedupeKey: `key ${n}`,
    clientId: null,
    sender: { id: "12345", name: "Ada" },
    role: "owner",
    agent: "main",
    session: sessionKey("agent:main:telegram:direct:12345"),
    body: body(`text ${n}`),
    acceptedAt: AT,
    notBefore: AT,
    replayOf: null,
    ...more,
  };
}

export function decided(entry: NewEntry, waitingLimit = 1000): Decided {
  return { kind: "entry", entry, waitingLimit };
}

/** Accepts entries in one batch, and returns those that were stored. */
export async function accept(store: Store, ...entries: readonly NewEntry[]): Promise<readonly Entry[]> {
  const results = await store.accept({ ...BATCH, items: entries.map((entry) => decided(entry)) });
  return results.flatMap((result: Accepted) => (result.outcome === "accepted" ? [result.entry] : []));
}

export async function acceptOne(
  store: Store,
  n: number | string,
  more: Partial<NewEntry> = {},
): Promise<Entry> {
  const [entry] = await accept(store, newEntry(n, more));
  assert.ok(entry, `m_${n} is accepted`);
  return entry;
}

export async function entryNow(store: Store, id: MessageId): Promise<Entry> {
  const stored = await store.message(id);
  assert.ok(stored, `${id} is stored`);
  return stored.entry;
}

export async function eventsOf(store: Store, id: MessageId): Promise<readonly string[]> {
  return ((await store.message(id))?.history ?? []).map(({ event }) => event);
}

export function claimOf(entries: readonly Entry[], turn = "t_1"): Parameters<Store["claim"]>[0] {
  return {
    turn: turnId(turn),
    entries: entries.map(({ id, state, attempt }) => ({ id, state, attempt })),
    agent: "main",
    generation: 1,
    at: AT + 1,
  };
}

export async function claim(store: Store, entries: readonly Entry[], turn = "t_1"): Promise<Turn> {
  const claimed = await store.claim(claimOf(entries, turn));
  assert.ok(claimed, `${turn} is claimed`);
  return claimed;
}

export const PROMPTED = {
  harness: "echo",
  model: "default",
  nativeSession: "native-1",
  custody: null,
  at: AT + 2,
} as const;

export function delivery(key: string, more: Partial<NewDelivery> = {}): NewDelivery {
  return {
    id: `d_${key}` as DeliveryId,
    key,
    kind: "reply",
    address: address(),
    body: { text: `said ${key}`, format: "markdown" },
    entry: null,
    turn: null,
    part: 0,
    createdAt: AT + 3,
    ...more,
  };
}

export function answerOf(deliveries: readonly NewDelivery[]): Parameters<Store["answer"]>[1] {
  return {
    reply: { text: "the answer", files: [] },
    deliveries,
    nativeSession: "native-2",
    usage: { inputTokens: 10, outputTokens: 20, usd: 0.5 },
    at: AT + 3,
  };
}

/** A reply's parts, as lanes make them. */
export function parts(turn: Turn, entry: Entry, count: number): readonly NewDelivery[] {
  return Array.from({ length: count }, (_, part) =>
    delivery(`reply:${turn.id}:${part}`, { turn: turn.id, entry: entry.id, part }),
  );
}

/** A whole turn of one message up to its stored answer with one part. */
export async function answered(
  store: Store,
  n: number | string,
  more: Partial<NewEntry> = {},
): Promise<Turn> {
  const entry = await acceptOne(store, n, more);
  const turn = await claim(store, [entry], `t_${n}`);
  assert.equal(await store.prompted(turn, PROMPTED), true);
  assert.equal(await store.answer(turn, answerOf(parts(turn, entry, 1))), true);
  return turn;
}

/** Sends an open delivery, whatever it takes. Returns the entries that this ended. */
export async function send(store: Store, key: string): Promise<readonly Entry[]> {
  const open = await store.delivery(key);
  assert.ok(open, `${key} is stored`);
  const sending = await store.sending(open.id, open.state, open.attempts, AT + 4);
  assert.ok(sending, `${key} can be sent`);
  const settled = await store.settle(
    open.id,
    sending.attempts,
    { state: "sent", platformId: `p_${key}` },
    AT + 5,
  );
  assert.ok(settled, `${key} is settled`);
  return settled.ended;
}

/** A move that a caller with wrong beliefs would make, too: what no type allows is for the store to refuse. */
export function moveOf(entry: Entry, to: EntryState, more: Partial<MoveFacts> = {}): EntryMove {
  return { id: entry.id, from: entry.state, attempt: entry.attempt, to, event: to, ...more } as EntryMove;
}

export const HOLD = { code: "harness-missing", since: AT, incident: null } as const;

/** I18, as far as the store's own numbers show it. */
export async function assertAccounts(store: Store): Promise<void> {
  const totals = await store.totals();
  assert.equal(totals.received, totals.accepted + totals.duplicate + totals.ignored + totals.refused);
  const counts = Object.values(await store.counts());
  assert.equal(
    totals.accepted,
    counts.reduce((sum, n) => sum + n, 0),
  );
  const listed = await store.messages({ limit: 100_000 });
  const recounted = listed.reduce<Record<string, number>>(
    (sums, { entry }) => ({ ...sums, [entry.state]: (sums[entry.state] ?? 0) + 1 }),
    {},
  );
  for (const [state, n] of Object.entries(await store.counts()))
    assert.equal(n, recounted[state] ?? 0, state);
}
