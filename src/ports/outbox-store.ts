import type { Address } from "../core/address.ts";
import type { Delivery, NewDelivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { Instant } from "../core/time.ts";

/** One line of deliveries (`DELIVERY_LINE`) to one address, in its written form. */
export interface DeliveryLine {
  readonly address: string;
  readonly line: number;
}

/** Answers that wait, counted as people count them: by turn, not by part. */
export interface WaitingCount {
  readonly answers: number;
  /** When the oldest was made. */
  readonly since: Instant;
}

/**
 * What waits to be sent, in pages: however much it is, what is read at once is bounded. And the answers that are too
 * old to be sent without a word from their chat: replies, and notifications by an operator (`notify:…`).
 */
export interface OutboxPages {
  /** The lines that have something to send, how much it is, and the highest `seq` of all: where a start begins. */
  openLines(): Promise<{
    readonly lines: readonly DeliveryLine[];
    readonly deliveries: number;
    readonly lastSeq: number;
  }>;
  /** What is open after `afterSeq`, over all lines, in order, at most `limit`. */
  openAfter(afterSeq: number, limit: number): Promise<readonly Delivery[]>;
  /** What is open in one line after `afterSeq`, in order, at most `limit`. */
  openInLine(line: DeliveryLine, afterSeq: number, limit: number): Promise<readonly Delivery[]>;
  /** Every delivery in `sending`: at a start, what an earlier gateway was at. */
  cutOff(): Promise<readonly Delivery[]>;
  /** Answers to an address that were made before `before` and still wait to be sent; null when there are none. */
  staleAnswers(address: Address, before: Instant): Promise<WaitingCount | null>;
  /** Holds them, and adds the question about them, in one step. Returns how many deliveries were held. */
  holdAnswers(address: Address, before: Instant, question: NewDelivery, at: Instant): Promise<number>;
  /** Answers to an address that are held; null when there are none. */
  heldAnswers(address: Address): Promise<WaitingCount | null>;
  /** Sends what is held for an address after all, or drops it. Returns what was decided, and the messages that ended. */
  decideAnswers(
    address: Address,
    word: "send" | "drop",
    at: Instant,
  ): Promise<{ readonly answers: number; readonly ended: readonly Entry[] }>;
  /** Ends what has been held since before `before`, at most `limit` deliveries. Returns how many, and what ended. */
  expireAnswers(
    before: Instant,
    limit: number,
    at: Instant,
  ): Promise<{ readonly deliveries: number; readonly ended: readonly Entry[] }>;
}
