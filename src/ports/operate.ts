import type { Address } from "../core/address.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { MessageId, SessionKey } from "../core/ids.ts";
import type { Candidate } from "../core/model-ref.ts";
import type { CandidateState } from "./availability.ts";

/** Who asks for a step. Its name stands in the message's history, as `by`. */
export interface Actor {
  /** As people read it, e.g. `token ci`, `the page`, `the command line`, `Ada in telegram/default/12345`. */
  readonly name: string;
  /** The session in which it was asked for: whoever reads the answer there needs no notice. */
  readonly session?: SessionKey;
}

/** A file of a message, as a rerun would have it. */
export interface PlannedFile {
  readonly name: string;
  readonly kind: string;
  readonly mime: string;
  /** Absolute; null when it is fetched from its platform only when the turn runs. */
  readonly path: string | null;
  /** Why there is no path. */
  readonly problem?: string;
}

/** What a rerun would do. Made without changing anything. */
export interface RerunPlan {
  readonly entry: Entry;
  readonly agent: string;
  readonly session: SessionKey;
  /** The agent's candidates as they are now, primary first. */
  readonly candidates: readonly CandidateState[];
  /** Who would have it now; null when it would be held. */
  readonly runsOn: Candidate | null;
  /** Word for word, but for the turn's id, which is made when it runs. Null when it would be held. */
  readonly prompt: string | null;
  /** The harness's own session that it would go on with; null for a new one. */
  readonly resume: string | null;
  readonly files: readonly PlannedFile[];
  readonly answerTo: Address;
  /** Messages of the session that run before it. */
  readonly ahead: number;
  /** Whether a tool had run for it last time; null when nobody knows, after a crash. */
  readonly toolsRan: boolean | null;
  /** Why it would be refused; null when it would be accepted. */
  readonly refusal: { readonly code: ErrorCode; readonly detail: string } | null;
}

/** What an operator or a chat command can do with messages. Every method is durable when it resolves. */
export interface Operate {
  /** Cancels a waiting message, or interrupts its turn. @throws RollcallError `no-such-id`, `state-conflict` */
  cancel(id: MessageId, by?: Actor): Promise<Entry>;
  /** Queues a dead or quarantined message again. @throws RollcallError `no-such-id`, `state-conflict` */
  retry(id: MessageId, by?: Actor): Promise<Entry>;
  /**
   * Queues every dead message of one agent again, or of all of them, oldest first: a few lanes begin at once, the others
   * follow within seconds. Quarantined ones are retried one by one. Returns what was queued.
   */
  retryDead(agent: string | null, by?: Actor): Promise<readonly MessageId[]>;
  /**
   * Lets a held message go: one that its sender was asked about runs, another is tried now. What can't be served is
   * held again. @throws RollcallError `no-such-id`, `state-conflict`
   */
  release(id: MessageId, by?: Actor): Promise<Entry>;
  /** Lets everything go that is held for one agent, or for all of them. Returns what was let go, oldest first. */
  releaseHeld(agent: string | null, by?: Actor): Promise<readonly Entry[]>;
  /**
   * Runs an ended message anew, as a new message; its answer goes where the first one's went.
   *
   * @throws RollcallError `no-such-id`, `state-conflict`, `agent-unknown`, `sender-refused` (no longer admitted),
   *   `address-unknown` (its chat is no longer configured)
   */
  rerun(id: MessageId, agent: string | null, by?: Actor): Promise<Entry>;
  /** What {@link rerun} would do. Changes nothing. @throws RollcallError `no-such-id`, `gateway-unreachable` */
  planRerun(id: MessageId, agent: string | null): Promise<RerunPlan>;
  /** Stops what a session is doing now. Returns how many messages were cancelled. */
  stopSession(session: SessionKey, by?: Actor): Promise<number>;
  /** Begins a session afresh. */
  resetSession(session: SessionKey): Promise<void>;
  /** Plain text to a chat, durably, without an agent. @throws RollcallError `address-unknown` */
  notify(to: Address, text: string, key: string | null): Promise<Delivery>;
  /** Admits or refuses a stranger by the code that they were shown. @throws RollcallError `no-such-id` */
  decidePairing(code: string, to: "approved" | "denied"): Promise<void>;
}
