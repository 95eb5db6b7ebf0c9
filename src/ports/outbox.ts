import type { Address } from "../core/address.ts";
import type { DeliveryBody, NewDelivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { MessageId, TurnId } from "../core/ids.ts";
import type { ChatKind } from "../core/message.ts";
import type { Reply } from "../core/turn.ts";
import type { WaitingCount } from "./outbox-store.ts";

/** What lanes need of the way out. */
export interface Outbox {
  /** There are new deliveries in the store. Cheap; call it after every commit that added some. */
  wake(): void;
  /** The parts of a reply, as its channel splits them. Pure. */
  plan(reply: Reply, to: ReplyTarget): readonly DeliveryBody[];
  /** Whether the people of an address read the store itself, so that an answer is sent by being stored. */
  readsStore(to: Address): boolean;
  /** Tells of answers that were sent by being stored, and of the messages that they ended. */
  shown(deliveries: readonly NewDelivery[], ended: readonly Entry[]): void;
  /** Shows an answer while it is written, where the channel can. */
  progress(of: { readonly turn: TurnId; readonly entry: MessageId } & ReplyTarget): Progress;
  /** "Seen" and "working on it", best effort. */
  acknowledge(to: ReplyTarget, phase: "accepted" | "working"): void;
}

/** Answers that couldn't be sent for so long that they are sent only at the word of their chat. */
export interface WaitingAnswers {
  /** Those of an address; null when there are none. */
  waiting(at: Address): Promise<WaitingCount | null>;
  /** Sends or drops them, durably. Returns how many answers. */
  decide(at: Address, word: "send" | "drop"): Promise<number>;
}

/** Where an answer goes, and the message that it quotes. */
export interface ReplyTarget {
  readonly address: Address;
  readonly quote: string | null;
  readonly chat: ChatKind;
}

/** The live view of one answer. Nothing depends on it: the reply itself is a durable delivery. */
export interface Progress {
  /** The whole answer so far, and what is going on. The latest wins. */
  show(text: string, activity: string | null): void;
  /** No more edits after this resolves. Bounded by 5 s. */
  end(): Promise<void>;
}
