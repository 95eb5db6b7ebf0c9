import type { Address } from "../core/address.ts";
import type { Delivery, DeliveryState, NewDelivery } from "../core/delivery.ts";
import type { Entry, EntryState, HistoryLine } from "../core/entry.ts";
import type { DeliveryId, MessageId, SessionKey, TurnId } from "../core/ids.ts";
import type { GroupLine } from "../core/message.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { Custody, Reply, Turn, TurnFence, Usage } from "../core/turn.ts";
import type { AccessStore } from "./access-store.ts";
import type { AccountingStore, Totals } from "./accounting.ts";
import type { AlertStore } from "./alert-store.ts";
import type { SuspectStore } from "./guard.ts";
import type { IntegrityStore } from "./integrity.ts";
import type { DeadLetter, DeadLetterStore } from "./dead-letters.ts";
import type { Accepted, Cursor, Decided } from "./intake.ts";
import type { EntryMove } from "./entry-move.ts";
import type { OutboxPages } from "./outbox-store.ts";
import type { PressureStore } from "./pressure.ts";
import type { RetentionStore } from "./retention.ts";
import type { SnapshotStore } from "./snapshot.ts";

export type { AccessStore, PairingRow, TokenRow } from "./access-store.ts";

export type { EntryMove, MoveFacts } from "./entry-move.ts";

/**
 * The durable truth. Every method that writes is exactly one transaction: when it resolves, what it says is on the
 * disk; when it rejects, nothing of it happened. Methods are asynchronous so that an engine may batch concurrent
 * calls into one commit, or be on another machine. Each stage sees only its own part of the store.
 *
 * A step is a compare-and-set on (id, state, attempt) under the epoch of this opening: a writer that lost its place
 * gets `false` or `null`, never an exception, and changes nothing.
 *
 * @throws RollcallError `store-full`, `store-io` from any write
 */
export interface Store
  extends
    InboxStore,
    TurnStore,
    OutboxStore,
    OutboxPages,
    ReadStore,
    AccessStore,
    ChannelStore,
    AccountingStore,
    AlertStore,
    IntegrityStore,
    SuspectStore,
    PressureStore,
    RetentionStore,
    SnapshotStore,
    DeadLetterStore {
  /** Raised by every opening; in every history line. */
  readonly epoch: number;
  /** Commits something small, to prove that commits work. Returns how long it took, in milliseconds. */
  probe(): Promise<Duration>;
  /** Finishes what was begun and lets go of the lock. */
  close(): Promise<void>;
}

/** What the inbox sees of the store. */
export interface InboxStore {
  /**
   * Stores what was decided for each item, and the cursor, all or nothing. An item whose dedupe key is known is a
   * duplicate and changes nothing. Counts every item (`received`, `accepted`, `duplicate`, `ignored`, `refused`).
   */
  accept(batch: {
    readonly channel: string;
    readonly account: string;
    readonly items: readonly Decided[];
    readonly cursor?: Cursor;
  }): Promise<readonly Accepted[]>;
  /** Bounded by `limit`, oldest first: what was said in a group without the bot being meant. */
  groupTalk(address: Address, limit: number): Promise<readonly GroupLine[]>;
  /** Earlier ids of a conversation that got a new one, e.g. of a group that became a supergroup. */
  formerConversations(address: Address): Promise<readonly string[]>;
  /** An earlier message by its channel's key, for edits of it. */
  findByKey(channel: string, account: string, dedupeKey: string): Promise<Entry | null>;
}

/** What lanes and turns see of the store. */
export interface TurnStore {
  /** Sessions with an entry that waits (`queued`, `held` or `running`), the oldest first. */
  waitingSessions(): Promise<readonly SessionKey[]>;
  /** The waiting entries of a session in order (`queued` and `held` messages), at most `limit`. */
  waiting(session: SessionKey, limit: number): Promise<readonly Entry[]>;
  /** Control entries in `queued`, in order: at start, commands that an earlier gateway accepted and didn't carry out. */
  pendingControls(): Promise<readonly Entry[]>;
  turn(id: TurnId): Promise<Turn | null>;
  /** Entries in `running` with their turns: at start, what an earlier gateway left. */
  interrupted(): Promise<readonly { readonly turn: Turn; readonly entries: readonly Entry[] }[]>;
  /**
   * Makes entries `running` under a turn, before anything is spawned. Entries that had a turn go on with it, its
   * attempt raised; otherwise `turn` names a new one. Null when any entry has moved on meanwhile.
   */
  claim(claim: {
    readonly turn: TurnId;
    readonly entries: readonly {
      readonly id: MessageId;
      readonly state: EntryState;
      readonly attempt: number;
    }[];
    readonly agent: string;
    readonly generation: number;
    readonly at: Instant;
  }): Promise<Turn | null>;
  /** Before the prompt is written to a harness: who has it, in which of its sessions, under which custody. */
  prompted(
    fence: TurnFence,
    by: {
      readonly harness: string;
      readonly model: string;
      readonly nativeSession: string | null;
      readonly custody: Custody | null;
      readonly at: Instant;
    },
  ): Promise<boolean>;
  /** Raises the attempt of a running turn for its next candidate, so that the last one's late words change nothing. */
  nextAttempt(fence: TurnFence, why: Readonly<Record<string, unknown>>, at: Instant): Promise<Turn | null>;
  /**
   * Stores the answer with all its deliveries; the entries become `answered` (or `done` when there is nothing to
   * send), and the harness's session is remembered with the last entry that it saw. At most once per turn.
   */
  answer(
    fence: TurnFence,
    answer: {
      readonly reply: Reply;
      readonly deliveries: readonly NewDelivery[];
      readonly nativeSession: string | null;
      readonly usage: Usage | null;
      readonly at: Instant;
      /** How many tools it had used, for the history. */
      readonly tools?: number;
      /** Found in the harness's own record, and why it was looked for: history says `adopted`. */
      readonly adopted?: string;
    },
  ): Promise<boolean>;
  /** Ends an attempt without an answer: its entries move as told, with the deliveries that tell people. */
  endTurn(
    fence: TurnFence,
    end: {
      readonly moves: readonly EntryMove[];
      readonly usesAttempt: boolean;
      /** It runs again, and a harness may have had its prompt. */
      readonly rerun?: boolean;
      /** Nothing is begun that could be gone on with: the turn forgets who had it. */
      readonly forget?: boolean;
      readonly deliveries: readonly NewDelivery[];
      readonly at: Instant;
    },
  ): Promise<boolean>;
  /** Moves entries outside of a turn (hold, release, cancel, retry, a control entry's answer). All or nothing. */
  move(moves: readonly EntryMove[], deliveries: readonly NewDelivery[], at: Instant): Promise<boolean>;
  /** The harness's session for this session, and the last entry (by `seq`) that it saw. */
  nativeSession(
    session: SessionKey,
    harness: string,
  ): Promise<{ readonly native: string; readonly lastSeq: number } | null>;
  /** Forgets a session's harness sessions and history: the next turn begins afresh. */
  resetSession(session: SessionKey, at: Instant): Promise<void>;
  /** What was said in a session after entry `seq` (since its last reset), the newest `limit`, oldest first. */
  exchanges(
    session: SessionKey,
    afterSeq: number,
    limit: number,
  ): Promise<
    readonly { readonly seq: number; readonly text: string; readonly reply: string; readonly at: Instant }[]
  >;
  /** The model that a person chose for a session by `/model`, or null. */
  sessionModel(session: SessionKey): Promise<string | null>;
  setSessionModel(session: SessionKey, model: string | null): Promise<void>;
}

/** What the outbox sees of the store. */
export interface OutboxStore {
  /** Adds a delivery on its own (a notice, an alert, a notification). An existing key is left as it is. */
  addDelivery(delivery: NewDelivery): Promise<Delivery>;
  /** Deliveries that are not at their end, in order of `seq`, from `afterSeq` on (all of them when absent). */
  pendingDeliveries(afterSeq?: number): Promise<readonly Delivery[]>;
  delivery(key: string): Promise<Delivery | null>;
  /** The intent, before any byte: raises `attempts`. Null when the delivery has moved on. */
  sending(id: DeliveryId, from: DeliveryState, attempts: number, at: Instant): Promise<Delivery | null>;
  /**
   * Records how a try ended. When it was the last open reply delivery of its turn, the turn's entries become `done`
   * in the same transaction (`dead` if a part is dead); those entries are returned.
   */
  settle(
    id: DeliveryId,
    attempts: number,
    to:
      | { readonly state: "sent"; readonly platformId: string }
      | { readonly state: "retry-at"; readonly notBefore: Instant }
      | { readonly state: "in-doubt"; readonly notBefore: Instant; readonly detail: string }
      | { readonly state: "dead"; readonly detail: string },
    at: Instant,
  ): Promise<{ readonly delivery: Delivery; readonly ended: readonly Entry[] } | null>;
}

/**
 * Which messages are listed. Everything that is set must match. Where no place is set, the gateway's own messages
 * (canaries) are left out.
 */
export interface MessageFilter {
  readonly states?: readonly EntryState[];
  readonly session?: SessionKey;
  readonly conversation?: {
    readonly channel: string;
    readonly account: string;
    readonly conversation: string;
  };
  readonly limit: number;
  /** `seq` below which to go on (newest first). */
  readonly before?: number;
}

/** A message as surfaces show it: the entry with its turn, reply, deliveries and history. */
export interface StoredMessage {
  readonly entry: Entry;
  readonly turn: Turn | null;
  readonly reply: Reply | null;
  readonly deliveries: readonly Delivery[];
  readonly history: readonly HistoryLine[];
  /** Why it failed for good, while it is dead or quarantined. */
  readonly dead?: DeadLetter;
  /** Messages that are reruns of it, oldest first; only where one message is asked for. */
  readonly reruns?: readonly MessageId[];
}

/** A session, as lists show it. */
export interface SessionRow {
  readonly key: SessionKey;
  readonly agent: string;
  readonly lastAt: Instant;
  readonly messages: number;
  readonly harnesses: readonly { readonly harness: string; readonly native: string }[];
}

/** What surfaces read. Nothing here changes anything. */
export interface ReadStore {
  message(id: MessageId): Promise<StoredMessage | null>;
  /** The state alone, for those who wait for it to change. */
  stateOf(id: MessageId): Promise<EntryState | null>;
  /** Newest first, without history. */
  messages(filter: MessageFilter): Promise<readonly StoredMessage[]>;
  /** How many entries are in each state. */
  counts(): Promise<Readonly<Record<EntryState, number>>>;
  /** Everything ever received, by outcome. */
  totals(): Promise<Totals>;
  /** When the oldest waiting message was accepted; null when none waits. */
  oldestWaiting(): Promise<Instant | null>;
  sessions(limit: number): Promise<readonly SessionRow[]>;
}

/** What channels and boot keep beside messages. */
export interface ChannelStore {
  cursor(
    channel: string,
    account: string,
    identity: string,
  ): Promise<{ readonly value: string; readonly at: Instant } | null>;
  /** A small named value, e.g. an API's registered commands. */
  note(key: string): Promise<string | null>;
  setNote(key: string, value: string | null): Promise<void>;
}
