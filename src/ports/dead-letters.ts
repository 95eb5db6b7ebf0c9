import type { Entry } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";
import type { Instant } from "../core/time.ts";

/** Why a message failed for good, or was set aside. */
export interface DeadLetter {
  /** An error code, or the event that ended it (`hold-expired`, `unanswered`). */
  readonly code: string;
  /** What was seen. For the operator. */
  readonly detail: string | null;
  readonly at: Instant;
}

/** All messages that are in one of the two states for one reason. */
export interface DeadReason {
  readonly state: "dead" | "quarantined";
  readonly code: string;
  readonly count: number;
  /** Rises with every message that dies, whatever for: tells news from what was told. */
  readonly newest: number;
  /** The message that died last. */
  readonly message: MessageId;
  /** When the first of them died. */
  readonly since: Instant;
}

/** What is known of the messages that failed for good. Costs grow with how many there are now. */
export interface DeadLetterStore {
  /** By reason, the most frequent first. */
  deadReasons(): Promise<readonly DeadReason[]>;
  /** Messages that are dead (not quarantined), oldest first, after `after`; of one agent or of all. */
  deadMessages(
    agent: string | null,
    after: number,
    limit: number,
  ): Promise<readonly { readonly n: number; readonly entry: Entry }[]>;
}
