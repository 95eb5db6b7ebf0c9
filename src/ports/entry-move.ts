import type { EntryStep, Hold } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";
import type { Instant } from "../core/time.ts";

/** A step of one entry that isn't part of a turn's claim or answer. Only legal pairs of `from` and `to` have the type. */
export type EntryMove = EntryStep & MoveFacts;

/** What a step says beside where it leads. */
export interface MoveFacts {
  readonly id: MessageId;
  readonly attempt: number;
  /** Required when `to` is `held`, absent otherwise. */
  readonly hold?: Hold;
  /** For `queued`: not before this time. */
  readonly notBefore?: Instant;
  /** For `queued`: leave the turn, so that the next claim makes a new one. */
  readonly leaveTurn?: boolean;
  /** Notices that it failed, which weren't tried yet, aren't sent any more: that is no longer so. */
  readonly withdraw?: boolean;
  /** The history line. */
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
