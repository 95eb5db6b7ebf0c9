import type { EndedState } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";
import type { Duration, Instant } from "../core/time.ts";

/** Which ended messages one slice looks at. */
export interface ClearSlice {
  readonly state: EndedState;
  /** Only what ended before this time. */
  readonly before: Instant;
  /** Where the last slice ended; 0 begins. */
  readonly after: number;
  /** Messages that are looked at, at most: bounds how long the transaction takes. */
  readonly rows: number;
  /** Only the gateway's own messages, and of these all but the latest of each agent. */
  readonly canaries?: boolean;
  /** Only count what would be cleared. */
  readonly dryRun?: boolean;
}

/** What one slice came to. */
export interface Cleared {
  readonly count: number;
  /** Keys of files that came with what was cleared. */
  readonly files: readonly string[];
  /** Where to go on; null when nothing older is left. */
  readonly next: number | null;
}

/** One message that was cleared: the state it had, and keys of files that came with it. */
export interface ClearedOne {
  readonly state: EndedState;
  readonly files: readonly string[];
}

/** Which ended messages somebody wants to be cleared away: one by its id, or all by age and state. */
export interface PurgeRequest {
  readonly id: MessageId | null;
  /** Only what ended at least this long ago; null for any age. */
  readonly olderThan: Duration | null;
  /** Empty for every end. */
  readonly states: readonly EndedState[];
  /** Only count. */
  readonly dryRun: boolean;
}

/** What a purge came to. */
export interface Purged {
  readonly purged: Readonly<Partial<Record<EndedState, number>>>;
  readonly total: number;
  /** There is more to do: ask again. */
  readonly more: boolean;
  readonly dryRun: boolean;
}

/** What grows beside messages, each cleared on its own. */
export const LEFTOVERS = ["turns", "deliveries", "usage", "sessions", "talk", "pairings", "keys"] as const;
/** One kind of what grows beside messages. */
export type Leftover = (typeof LEFTOVERS)[number];

/** What may still need its files. */
export interface FilesInUse {
  /** When the oldest unfinished message was accepted: whatever came after it may belong to one. */
  readonly since: Instant | null;
  /** Keys that unfinished messages name. */
  readonly keys: readonly string[];
  /** Absolute paths that open deliveries send. */
  readonly paths: readonly string[];
}

/**
 * What retention sees of the store. Nothing that is unfinished can be cleared, whatever is asked: the statements take
 * ended entries only, none of whose deliveries is open, and none whose turn has an unfinished entry.
 */
export interface RetentionStore {
  /**
   * Clears ended messages with their turns, deliveries and history, and counts them as cleared in the same transaction,
   * so that the books stay even. Their keys are kept as digests, so that a redelivery is still a duplicate.
   */
  clear(slice: ClearSlice): Promise<Cleared>;
  /** Clears one ended message. Null when there is none with this id, false when it is unfinished. */
  clearOne(id: MessageId, dryRun: boolean): Promise<ClearedOne | false | null>;
  /** Clears at most `rows` of what is older and no message refers to. Returns where to go on, as `clear` does. */
  clearLeftover(
    what: Leftover,
    before: Instant,
    after: string,
    rows: number,
  ): Promise<{
    readonly count: number;
    readonly next: string | null;
  }>;
  filesInUse(): Promise<FilesInUse>;
}
