import type { DeliveryState } from "./delivery.ts";
import type { EntryState } from "./entry.ts";
import type { TurnState } from "./turn.ts";

/**
 * Who may make a step.
 *
 * - inbox: accepts, and answers chat commands
 * - lane: the one lane of the message's session, while it holds the turn's attempt
 * - recovery: at a start, for what an earlier epoch left running
 * - outbox: sends, and with the last part of a reply ends its messages, in the same transaction
 * - operator: a person at the command line, the API, the page or in a chat
 * - reload: a configuration that no longer has the agent
 */
export type StepOwner = "inbox" | "lane" | "recovery" | "outbox" | "operator" | "reload";

/**
 * What a step must still find true, or it changes nothing.
 *
 * - key: the dedupe key isn't known yet
 * - entry: (id, state, attempt) of the entry
 * - turn: (id, attempt) of a turn that is claimed or prompted
 * - delivery: (id, state, attempts) of the delivery
 *
 * All of them under the epoch of the store's opening.
 */
export type StepFence = "key" | "entry" | "turn" | "delivery";

/** One legal step, with its only owner. `from` is null where something begins. */
export interface Step<State extends string> {
  readonly from: State | null;
  readonly to: State;
  /** The history line that is written with it, in the same transaction. */
  readonly event: string;
  readonly by: StepOwner;
  readonly fence: StepFence;
}

const steps =
  <State extends string>(by: StepOwner, fence: StepFence) =>
  (event: string, from: State | null, ...to: readonly State[]): readonly Step<State>[] =>
    to.map((one) => ({ from, to: one, event, by, fence }));

const entry = {
  inbox: steps<EntryState>("inbox", "entry"),
  lane: steps<EntryState>("lane", "entry"),
  turn: steps<EntryState>("lane", "turn"),
  recovery: steps<EntryState>("recovery", "turn"),
  outbox: steps<EntryState>("outbox", "delivery"),
  operator: steps<EntryState>("operator", "entry"),
  reload: steps<EntryState>("reload", "entry"),
};

/**
 * Every step that some part of the gateway makes of an entry. `ENTRY_STEPS` is what the store lets happen; a test holds
 * the two together, and the events to the code that writes them. A step of a running entry belongs to whoever holds its
 * turn's attempt: the lane that claimed it, or recovery when that lane's epoch is over; never both.
 */
export const ENTRY_STEP_TABLE: readonly Step<EntryState>[] = [
  ...steps<EntryState>("inbox", "key")("accepted", null, "queued"),
  ...steps<EntryState>("inbox", "key")("unreadable", "queued", "quarantined"),
  ...entry.inbox("answered", "queued", "answered"),
  ...entry.lane("held", "queued", "held"),
  ...entry.lane("asked", "held", "held"),
  ...entry.lane("hold-expired", "held", "dead"),
  ...entry.lane("unanswered", "held", "dead"),
  ...entry.lane("claimed", "queued", "running"),
  ...entry.lane("claimed", "held", "running"),
  ...entry.turn("answered", "running", "answered"),
  ...entry.turn("retry", "running", "queued"),
  ...entry.turn("interrupted", "running", "queued"),
  ...entry.turn("resumed", "running", "queued"),
  ...entry.turn("rerun", "running", "queued"),
  ...entry.turn("adopted", "running", "answered"),
  ...entry.turn("drained", "running", "queued"),
  ...entry.turn("held", "running", "held"),
  ...entry.turn("asked", "running", "held"),
  ...entry.turn("cancelled", "running", "cancelled"),
  ...entry.turn("dead", "running", "dead"),
  ...entry.recovery("resumed", "running", "queued"),
  ...entry.recovery("rerun", "running", "queued"),
  ...entry.recovery("asked", "running", "held"),
  ...entry.recovery("adopted", "running", "answered"),
  ...entry.recovery("dead", "running", "dead"),
  ...entry.recovery("quarantined", "running", "quarantined"),
  ...steps<EntryState>("recovery", "entry")("quarantined", "queued", "quarantined"),
  ...steps<EntryState>("recovery", "entry")("quarantined", "held", "quarantined"),
  ...entry.outbox("done", "answered", "done"),
  ...entry.outbox("dead", "answered", "dead"),
  ...entry.operator("restored", "queued", "held"),
  ...entry.operator("restored", "running", "held"),
  ...entry.operator("released", "held", "queued"),
  ...entry.operator("retried", "held", "queued"),
  ...entry.operator("retried", "dead", "queued"),
  ...entry.operator("retried", "quarantined", "queued"),
  ...entry.operator("cancelled", "queued", "cancelled"),
  ...entry.operator("cancelled", "held", "cancelled"),
  ...entry.operator("cancelled", "quarantined", "cancelled"),
  ...entry.reload("agent-removed", "queued", "cancelled"),
  ...entry.reload("agent-removed", "held", "cancelled"),
];

const turn = { lane: steps<TurnState>("lane", "turn"), recovery: steps<TurnState>("recovery", "turn") };

/**
 * Every step of a turn. Each raises or proves the attempt; `attempt` gives the turn to its next candidate, `claimed` of
 * an ended one goes on with it after a retry, a hold or a restart. What is answered is over for ever.
 */
export const TURN_STEP_TABLE: readonly Step<TurnState>[] = [
  ...steps<TurnState>("lane", "entry")("claimed", null, "claimed"),
  ...steps<TurnState>("lane", "entry")("claimed", "ended", "claimed"),
  ...turn.lane("prompted", "claimed", "prompted"),
  ...turn.lane("attempt", "claimed", "claimed"),
  ...turn.lane("attempt", "prompted", "claimed"),
  ...turn.lane("answered", "claimed", "answered"),
  ...turn.lane("answered", "prompted", "answered"),
  ...turn.lane("ended", "claimed", "ended"),
  ...turn.lane("ended", "prompted", "ended"),
  ...turn.recovery("adopted", "prompted", "answered"),
  ...turn.recovery("ended", "claimed", "ended"),
  ...turn.recovery("ended", "prompted", "ended"),
  ...turn.recovery("answered", "prompted", "answered"),
];

const delivery = steps<DeliveryState>("outbox", "delivery");

const answerHeld = steps<DeliveryState>("operator", "delivery");

/**
 * Every step of a delivery: all of them are the outbox's, but what people decide: about answers that are held, and by
 * a retry, which withdraws the notice of a failure that nobody heard of yet.
 */
export const DELIVERY_STEP_TABLE: readonly Step<DeliveryState>[] = [
  ...steps<DeliveryState>("outbox", "key")("planned", null, "ready"),
  ...steps<DeliveryState>("lane", "turn")("sent", null, "sent"),
  ...delivery("sending", "ready", "sending"),
  ...delivery("sending", "retry-at", "sending"),
  ...delivery("sending", "in-doubt", "sending"),
  ...delivery("sent", "sending", "sent"),
  ...delivery("sent", "in-doubt", "sent"),
  ...delivery("retry-at", "sending", "retry-at"),
  ...delivery("in-doubt", "sending", "in-doubt"),
  ...delivery("delivery-dead", "ready", "dead"),
  ...delivery("delivery-dead", "sending", "dead"),
  ...delivery("delivery-dead", "retry-at", "dead"),
  ...delivery("delivery-dead", "in-doubt", "dead"),
  ...delivery("delivery-dead", "held", "dead"),
  ...delivery("delivery-held", "ready", "held"),
  ...delivery("delivery-held", "retry-at", "held"),
  ...delivery("delivery-held", "in-doubt", "held"),
  ...answerHeld("asked-for", "held", "ready"),
  ...answerHeld("dropped", "held", "dead"),
  ...answerHeld("withdrawn", "ready", "dead"),
  ...answerHeld("withdrawn", "retry-at", "dead"),
];

/** Lines of a message's history that tell something and change no state. */
export const NOTE_EVENTS: Readonly<Record<string, string>> = {
  moved: "its conversation got a new id, and it went along",
};
