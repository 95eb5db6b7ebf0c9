import { parseAddress, type Address } from "../../core/address.ts";
import { invariant } from "../../core/assert.ts";
import type { Delivery, DeliveryBody, DeliveryKind, DeliveryState } from "../../core/delivery.ts";
import type { Entry, EntryKind, EntryState, Hold } from "../../core/entry.ts";
import type { DeliveryId, MessageId, SessionKey, TurnId } from "../../core/ids.ts";
import type { MessageBody, Role, Sender } from "../../core/message.ts";
import type { Custody, Reply, Turn, TurnState } from "../../core/turn.ts";

export interface EntryRow {
  readonly seq: number;
  readonly id: MessageId;
  readonly kind: EntryKind;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly thread: string | null;
  readonly dedupe_key: string;
  readonly client_id: string | null;
  readonly sender: string;
  readonly role: Role;
  readonly agent: string;
  readonly session: SessionKey;
  readonly accepted_at: number;
  readonly replay_of: MessageId | null;
  readonly state: EntryState;
  readonly attempt: number;
  readonly not_before: number;
  readonly hold: string | null;
  readonly turn: TurnId | null;
  readonly body: string;
  /** Of the dedupe key: finds the entry in `digests`. */
  readonly digest: number;
  readonly hash: string;
  readonly chain: string;
  readonly seal: string;
}

export interface TurnRow {
  readonly id: TurnId;
  readonly session: SessionKey;
  readonly agent: string;
  readonly entries: string;
  readonly last_seq: number;
  readonly chapter: number;
  readonly attempt: number;
  readonly failures: number;
  readonly reruns: number;
  readonly state: TurnState;
  readonly generation: number;
  readonly harness: string | null;
  readonly model: string | null;
  readonly native_session: string | null;
  readonly custody: string | null;
  readonly claimed_at: number;
  readonly answered_at: number | null;
  readonly reply: string | null;
  readonly seal: string;
}

export interface DeliveryRow {
  readonly seq: number;
  readonly id: DeliveryId;
  readonly key: string;
  readonly kind: DeliveryKind;
  readonly address: string;
  readonly entry: MessageId | null;
  readonly turn: TurnId | null;
  readonly part: number;
  readonly created_at: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly in_doubt: number;
  readonly not_before: number;
  readonly platform_id: string | null;
  readonly body: string;
  readonly asked_for: number | null;
  readonly seal: string;
}

export function entryOf(row: EntryRow): Entry {
  return {
    seq: row.seq,
    id: row.id,
    kind: row.kind,
    address: addressOf(row),
    dedupeKey: row.dedupe_key,
    clientId: row.client_id,
    sender: JSON.parse(row.sender) as Sender,
    role: row.role,
    agent: row.agent,
    session: row.session,
    body: JSON.parse(row.body) as MessageBody,
    acceptedAt: row.accepted_at,
    notBefore: row.not_before,
    replayOf: row.replay_of,
    state: row.state,
    attempt: row.attempt,
    hold: row.hold === null ? null : (JSON.parse(row.hold) as Hold),
    turn: row.turn,
  };
}

/** An entry whose row isn't as it was written: where it stands, and nothing of what it said. */
export function damagedEntry({ seq, id, agent, session, state, turn, attempt }: EntryRow): Entry {
  const unknown = { channel: "", account: "", conversation: "" };
  return {
    seq,
    id,
    agent,
    session,
    state,
    turn,
    attempt,
    kind: "message",
    address: unknown,
    dedupeKey: "",
    clientId: null,
    sender: { id: "", name: "" },
    role: "unknown",
    body: { text: "", attachments: [], chat: { kind: "direct" }, sentAt: 0 },
    acceptedAt: 0,
    notBefore: 0,
    replayOf: null,
    hold: null,
  };
}

function addressOf({ channel, account, conversation, thread }: EntryRow): Address {
  return thread === null ? { channel, account, conversation } : { channel, account, conversation, thread };
}

export function turnOf(row: TurnRow): Turn {
  return {
    id: row.id,
    session: row.session,
    agent: row.agent,
    entries: entryIdsOf(row),
    attempt: row.attempt,
    failures: row.failures,
    reruns: row.reruns,
    state: row.state,
    generation: row.generation,
    harness: row.harness,
    model: row.model,
    nativeSession: row.native_session,
    custody: row.custody === null ? null : (JSON.parse(row.custody) as Custody),
    claimedAt: row.claimed_at,
  };
}

/** The entries of a turn, none when its row is damaged beyond reading: who uses what they say looks at its seal. */
export function entryIdsOf(row: Pick<TurnRow, "entries">): readonly MessageId[] {
  try {
    return JSON.parse(row.entries) as readonly MessageId[];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

export function replyOf(row: Pick<TurnRow, "reply">): Reply | null {
  return row.reply === null ? null : (JSON.parse(row.reply) as Reply);
}

export function deliveryOf(row: DeliveryRow): Delivery {
  const address = parseAddress(row.address);
  invariant("I15", address !== undefined, `delivery ${row.id} has the address ${row.address}`);
  return {
    seq: row.seq,
    id: row.id,
    key: row.key,
    kind: row.kind,
    address,
    body: JSON.parse(row.body) as DeliveryBody,
    entry: row.entry,
    turn: row.turn,
    part: row.part,
    createdAt: row.created_at,
    state: row.state,
    attempts: row.attempts,
    inDoubt: row.in_doubt > 0,
    doubts: row.in_doubt,
    ...(row.asked_for !== null && { askedFor: row.asked_for }),
    notBefore: row.not_before,
    platformId: row.platform_id,
  };
}
