import type { DeliveryId, MessageId } from "./ids.ts";

/**
 * Work of this process on one thing, during which a crash of the process is blamed on that thing:
 *
 * - parse: reading one update of a platform
 * - accept: deciding about what was read, and storing it
 * - command: carrying out a chat command
 * - prompt: fetching a message's files and building what the agent is told
 * - plan: splitting an answer into its parts
 * - send: one try of one delivery
 * - show: one edit of an answer's live view
 *
 * The harness's own work isn't here: it is another process, and its death is an attempt of the turn.
 */
export const WORK_STEPS = ["parse", "accept", "command", "prompt", "plan", "send", "show"] as const;
/** Where in the process something was in work. */
export type WorkStep = (typeof WORK_STEPS)[number];

/** After so many crashes a thing is worked on alone, so that what was only beside it is cleared. */
export const CRASHES_ALONE = 2;
/** After so many crashes a thing is set aside. */
export const CRASHES_MOST = 3;

/** What may be to blame for a crash: an entry, a delivery, an update or a place, as one text. */
export type Subject = string;

/** An accepted message, as a suspect. */
export const entrySubject = (id: MessageId): Subject => `entry:${id}`;
/** One send, as a suspect. */
export const deliverySubject = (id: DeliveryId): Subject => `delivery:${id}`;

/** The id in a subject of this kind, null when it is of another. */
export function subjectId(subject: Subject, kind: "entry" | "delivery"): string | null {
  return subject.startsWith(`${kind}:`) ? subject.slice(kind.length + 1) : null;
}
