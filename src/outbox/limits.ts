import { DAY, HOUR, MINUTE, SECOND } from "../core/time.ts";

/** Every bound of the way out that a channel doesn't set itself. */
export const OUTBOX = {
  /** Deliveries of one line that are read at once, and of all lines together; the rest waits in the store. */
  window: 8,
  loaded: 500,
  page: 200,
  /** Sends under way at once over one account, where its channel names no number. */
  inFlight: 16,
  /** What one send may take, where the channel doesn't bound it; beyond it the send is abandoned, in doubt. */
  sendText: 45 * SECOND,
  sendFile: 10 * MINUTE,
  /** What a look for an earlier sending may take. */
  look: 20 * SECOND,
  /** After a fault of the store: nothing of the account is tried for so long. */
  fault: SECOND,
  /** How long a time that was stored can hold a delivery back: it was written by a clock that may have jumped. */
  storedWait: HOUR,
  /** An answer that waited for longer to be sent asks first, with all of its chat that is no longer fresh. */
  askAfter: 6 * HOUR,
  fresh: 10 * MINUTE,
  /** How long answers wait for that word. */
  askFor: 7 * DAY,
  sweepEvery: HOUR,
  sweepMost: 1000,
  /** A live view, or the answer to a command, that is older is of no use any more. */
  progressAge: 2 * MINUTE,
  commandAge: 6 * HOUR,
  /** After an edit in doubt the text is written once more, when that edit can hardly come any more. */
  assertAfter: MINUTE,
  /** So many sends of an account in a row without an answer of the platform are told to the operator. */
  failuresTold: 3,
} as const;
