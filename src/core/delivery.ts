import type { Address } from "./address.ts";
import type { DeliveryId, MessageId, TurnId } from "./ids.ts";
import type { Instant } from "./time.ts";

/**
 * A delivery is one send to a platform.
 *
 * ready → sending (the intent, before any byte) → sent | retry-at | in-doubt | dead
 *
 * in-doubt: the platform may or may not have it. It is resolved by what the channel can do, and a repeat is marked.
 * held: it couldn't be sent for so long that its chat is asked first.
 */
export const DELIVERY_STATES = ["ready", "sending", "sent", "retry-at", "in-doubt", "held", "dead"] as const;
/** A state of a delivery. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Every legal step of a delivery. A step that isn't here can't be written: the store refuses it. */
export const DELIVERY_STEPS: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  ready: ["sending", "held", "dead"],
  sending: ["sent", "retry-at", "in-doubt", "dead"],
  "retry-at": ["sending", "held", "dead"],
  "in-doubt": ["sending", "sent", "held", "dead"],
  held: ["ready", "dead"],
  sent: [],
  dead: ["ready"],
};

/** What a delivery is for. Only replies hold their entries open until they are sent. */
export type DeliveryKind = "reply" | "progress" | "notice" | "permission" | "command" | "alert";

/**
 * Which line a delivery stands in. Each line of a chat is sent in order, and none waits for another one: an alert
 * isn't stuck behind a long answer, nor is the answer to a command.
 */
export const DELIVERY_LINE: Readonly<Record<DeliveryKind, number>> = {
  alert: 0,
  permission: 0,
  command: 1,
  reply: 2,
  notice: 2,
  progress: 3,
};

/** What is sent. Stored before the first try and never changed, so that a repeat is the same to the letter. */
export interface DeliveryBody {
  /** Markdown as agents write it; the channel renders it to what its platform takes. */
  readonly text: string;
  /** `plain`: the text is shown as it is. */
  readonly format: "markdown" | "plain";
  /**
   * A file of ours or of the agent's, by absolute path. With `content` the file is that text itself, made from the
   * answer: then nothing is read, and `path` is empty.
   */
  readonly file?: {
    readonly path: string;
    readonly name: string;
    readonly mime: string;
    readonly content?: string;
  };
  /** Platform id of the message that is quoted. */
  readonly quote?: string;
  /** Without a sound. */
  readonly silent?: boolean;
}

/** What is stored of a delivery before its first try. Immutable. */
export interface NewDelivery {
  readonly id: DeliveryId;
  /** Unique over the store: the same key is the same delivery, e.g. `reply:t_…:0`, `progress:t_…`, `notice:…`. */
  readonly key: string;
  readonly kind: DeliveryKind;
  readonly address: Address;
  readonly body: DeliveryBody;
  /** The entry and turn that it belongs to, null for alerts and notifications. */
  readonly entry: MessageId | null;
  readonly turn: TurnId | null;
  /** Position among the parts of one reply: part n+1 is sent after part n. */
  readonly part: number;
  readonly createdAt: Instant;
  /** Its people read the store itself: it is sent by being stored, and never tried. */
  readonly shown?: boolean;
}

/** A delivery as it stands now. */
export interface Delivery extends NewDelivery {
  readonly seq: number;
  readonly state: DeliveryState;
  /** Fence of the delivery: raised by every intent. */
  readonly attempts: number;
  /** Whether any try so far ended in doubt: then a repeat is marked as one. */
  readonly inDoubt: boolean;
  /** Tries that ended in doubt: these are bounded, others aren't. */
  readonly doubts?: number;
  /** When its chat asked for it, after it was held: its age counts from then. */
  readonly askedFor?: Instant;
  /** Not sent before this time. */
  readonly notBefore: Instant;
  readonly platformId: string | null;
}

/** The key of a turn's live view: the first part of what ends the turn takes its place. */
export function progressKey(turn: TurnId): string {
  return `progress:${turn}`;
}
