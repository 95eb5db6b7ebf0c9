import type { Address } from "../core/address.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { MessageId, SessionKey } from "../core/ids.ts";

/** What an operator or a chat command can do with messages. Every method is durable when it resolves. */
export interface Operate {
  /** Cancels a waiting message, or interrupts its turn. @throws RollcallError `no-such-id`, `state-conflict` */
  cancel(id: MessageId): Promise<Entry>;
  /** Queues a dead or quarantined message again. @throws RollcallError `no-such-id`, `state-conflict` */
  retry(id: MessageId): Promise<Entry>;
  /**
   * Lets a held message go: one that its sender was asked about runs, another is tried now. What can't be served is
   * held again. @throws RollcallError `no-such-id`, `state-conflict`
   */
  release(id: MessageId): Promise<Entry>;
  /** Lets everything go that is held for one agent, or for all of them. Returns what was let go, oldest first. */
  releaseHeld(agent: string | null): Promise<readonly Entry[]>;
  /** Runs an ended message anew, as a new message. @throws RollcallError `no-such-id`, `agent-unknown` */
  rerun(id: MessageId, agent: string | null): Promise<Entry>;
  /** Stops what a session is doing now. Returns how many messages were cancelled. */
  stopSession(session: SessionKey): Promise<number>;
  /** Begins a session afresh. */
  resetSession(session: SessionKey): Promise<void>;
  /** Plain text to a chat, durably, without an agent. @throws RollcallError `address-unknown` */
  notify(to: Address, text: string, key: string | null): Promise<Delivery>;
  /** Admits or refuses a stranger by the code that they were shown. @throws RollcallError `no-such-id` */
  decidePairing(code: string, to: "approved" | "denied"): Promise<void>;
}
