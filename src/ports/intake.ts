import type { Address } from "../core/address.ts";
import type { NewDelivery } from "../core/delivery.ts";
import type { Entry, NewEntry } from "../core/entry.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import type { ChatKind, GroupLine, MessageBody, Role, Sender } from "../core/message.ts";
import type { IntakeClosed } from "./pressure.ts";

/** One thing that a platform delivered, parsed, before anybody decided what to do with it. */
export type Inbound =
  | InboundMessage
  | InboundUnreadable
  /** Of no use to an agent (a reaction, a service note). Counted, and the cursor moves. */
  | { readonly kind: "ignored"; readonly reason: string }
  /** The conversation has a new id (a group became a supergroup): bindings, access and sessions move with it. */
  | { readonly kind: "moved"; readonly from: Address; readonly to: Address };

/** A message for an agent, as the channel parsed it. */
export interface InboundMessage {
  readonly kind: "message";
  readonly address: Address;
  /** The platform's identity of the message, unique per account. */
  readonly dedupeKey: string;
  readonly sender: Sender;
  readonly body: MessageBody;
  /** In a group: whether the bot is meant (mentioned, replied to, or a command for it). */
  readonly addressed: boolean;
  /** Set by surfaces whose callers have proven who they are (the API's token); chats leave it out. */
  readonly role?: Role;
  /** The agent that the caller named; by bindings when absent. */
  readonly agent?: string;
  readonly clientId?: string;
}

/** What the channel couldn't read, or what made the process crash: kept as it came, for the operator. */
export interface InboundUnreadable {
  readonly kind: "unreadable";
  /** For the operator. */
  readonly reason: string;
  /** As the platform delivered it, cut to a bound. */
  readonly raw: string;
  readonly dedupeKey: string;
  /** Who wrote where, as far as that could be told without reading the rest. */
  readonly from: { readonly address: Address; readonly sender: Sender; readonly chat: ChatKind } | null;
}

/** How far a channel account has received, as the platform counts it. */
export interface Cursor {
  readonly channel: string;
  readonly account: string;
  /** Whose cursor it is on the platform (the bot's id), so that a new token starts anew. */
  readonly identity: string;
  readonly value: string;
}

/** What one receive brought, of one account. */
export interface InboundBatch {
  readonly channel: string;
  readonly account: string;
  readonly items: readonly Inbound[];
  /** Stored in the same transaction as the items. */
  readonly cursor?: Cursor;
}

/** What became of one item. Once this is returned, it is durable. */
export type Accepted =
  | { readonly outcome: "accepted"; readonly entry: Entry }
  /** `same`: whether the first copy had the same body; true when the first was cleared away since. */
  | { readonly outcome: "duplicate"; readonly id: MessageId; readonly same: boolean }
  | { readonly outcome: "ignored" }
  | { readonly outcome: "refused"; readonly code: ErrorCode };

/** The one door in. */
export interface Intake {
  /**
   * Checks, classifies and stores a batch in one transaction, cursor included. When it resolves, the channel may
   * confirm; when it rejects, nothing was stored and nothing may be confirmed.
   *
   * @throws RollcallError `draining`, `store-full`, `store-io`, and the codes of {@link Intake.closed}
   */
  accept(batch: InboundBatch): Promise<readonly Accepted[]>;
  /** Why nothing is taken for now: channels stop reading until it is null again. Cheap. */
  closed?(): IntakeClosed | null;
}

/** What the store is asked to write for one item, after the inbox has decided. */
export type Decided =
  | {
      readonly kind: "entry";
      readonly entry: NewEntry;
      readonly waitingLimit: number;
      /** Said to the sender when so many wait already that it is refused; once per key. */
      readonly full?: NewDelivery;
      /** It couldn't be read: it is kept in quarantine from the beginning. */
      readonly unreadable?: { readonly reason: string; readonly notice?: NewDelivery };
      /** Who asked for it, where an operator did: for the history. */
      readonly by?: string;
    }
  | {
      readonly kind: "ignored";
      readonly reason: string;
      readonly groupLine?: { readonly address: Address; readonly line: GroupLine };
    }
  | {
      readonly kind: "refused";
      readonly code: ErrorCode;
      /** Said to the sender, once per key. */
      readonly notice?: NewDelivery;
      readonly pairing?: NewPairing;
    }
  | { readonly kind: "moved"; readonly from: Address; readonly to: Address };

/** A stranger's request to be admitted. One open code per sender. */
export interface NewPairing {
  readonly code: string;
  readonly channel: string;
  readonly account: string;
  readonly sender: Sender;
  readonly at: number;
}
