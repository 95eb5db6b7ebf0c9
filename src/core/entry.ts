import type { Address } from "./address.ts";
import type { ErrorCode } from "./errors.ts";
import type { IncidentId, MessageId, SessionKey, TurnId } from "./ids.ts";
import type { MessageBody, Role, Sender } from "./message.ts";
import type { Instant } from "./time.ts";

/**
 * An entry is one accepted message. Its states:
 *
 * queued → running → answered → done
 *
 * `held` is queued for want of an agent that can serve; `absorbed` was steered into another entry's turn. Ends:
 * `done`, `cancelled`, `dead` (failed for good, the sender told), `quarantined` (crashed the gateway repeatedly).
 */
export const ENTRY_STATES = [
  "queued",
  "held",
  "running",
  "answered",
  "done",
  "cancelled",
  "dead",
  "quarantined",
  "absorbed",
] as const;
/** A state of an entry. */
export type EntryState = (typeof ENTRY_STATES)[number];

/** States in which an entry still waits for its end. */
export const WAITING_STATES = [
  "queued",
  "held",
  "running",
  "answered",
] as const satisfies readonly EntryState[];

/** States that are an end: only such entries are ever cleared away. */
export const ENDED_STATES = [
  "done",
  "cancelled",
  "dead",
  "quarantined",
  "absorbed",
] as const satisfies readonly EntryState[];
/** A state of an entry that came to its end. */
export type EndedState = (typeof ENDED_STATES)[number];

const STEPS = {
  queued: ["running", "held", "answered", "cancelled", "dead", "quarantined", "absorbed"],
  held: ["queued", "held", "running", "cancelled", "dead", "quarantined"],
  running: ["answered", "queued", "held", "cancelled", "dead", "quarantined"],
  answered: ["done", "dead"],
  absorbed: ["queued", "done"],
  dead: ["queued"],
  quarantined: ["queued", "cancelled"],
  done: [],
  cancelled: [],
} as const satisfies Readonly<Record<EntryState, readonly EntryState[]>>;

/**
 * Every legal step. A step that isn't here can't be written: it has no type ({@link EntryStep}), and the store refuses
 * it. Who makes each one, and with which line of history, stands in `steps.ts`.
 */
export const ENTRY_STEPS: Readonly<Record<EntryState, readonly EntryState[]>> = STEPS;

/** A legal step: only pairs of the table have this type. */
export type EntryStep = {
  readonly [From in EntryState]: { readonly from: From; readonly to: (typeof STEPS)[From][number] };
}[EntryState];

/** The step from one state to another, or null when no entry may ever make it. */
export function entryStep(from: EntryState, to: EntryState): EntryStep | null {
  const step = { from, to };
  return isStep(step) ? step : null;
}

function isStep(step: { readonly from: EntryState; readonly to: EntryState }): step is EntryStep {
  return ENTRY_STEPS[step.from].includes(step.to);
}

/** Control entries (chat commands, answers to questions) bypass the lane. */
export type EntryKind = "message" | "control";

/** Why an entry is held. */
export interface Hold {
  readonly code: ErrorCode;
  readonly since: Instant;
  readonly incident: IncidentId | null;
}

/** What is stored of an accepted message before anything happened to it. Immutable. */
export interface NewEntry {
  readonly id: MessageId;
  readonly kind: EntryKind;
  readonly address: Address;
  /** Unique per channel account: the platform's identity of the message (see the channel's docs). */
  readonly dedupeKey: string;
  /** The client's own id of an API message. */
  readonly clientId: string | null;
  readonly sender: Sender;
  readonly role: Role;
  readonly agent: string;
  readonly session: SessionKey;
  readonly body: MessageBody;
  readonly acceptedAt: Instant;
  /** Not run before this time: a bundle may still grow. */
  readonly notBefore: Instant;
  readonly replayOf: MessageId | null;
}

/** An entry as it stands now. */
export interface Entry extends NewEntry {
  /** Order of acceptance over the whole store. */
  readonly seq: number;
  readonly state: EntryState;
  /** Fence of the entry: raised by every claim. */
  readonly attempt: number;
  readonly hold: Hold | null;
  readonly turn: TurnId | null;
}

/** One line of a message's life, appended with each step and never changed. */
export interface HistoryLine {
  readonly at: Instant;
  /** `accepted`, `claimed`, `prompted`, `answered`, `held`, `sending`, `sent`, … */
  readonly event: string;
  readonly epoch: number;
  readonly data: Readonly<Record<string, unknown>>;
}
