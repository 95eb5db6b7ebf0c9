import { formatDuration, type Duration, type Instant } from "../core/time.ts";
import type { WaitingCount } from "../ports/outbox-store.ts";

/** What people read of the way out. */
export const TEXTS = {
  /** Old answers: nothing of them is sent before the word of their chat. */
  ask: ({ answers, since }: WaitingCount, waited: Duration): string =>
    answers === 1
      ? `An answer from ${dayText(since)} is waiting here: it couldn't be sent for ${formatDuration(waited)}.\n/show to get it\n/skip to drop it`
      : `${answers} answers from ${dayText(since)} on are waiting here: they couldn't be sent for up to ${formatDuration(waited)}.\n/show to get them\n/skip to drop them`,
  /** A part that the platform refused. The other parts were sent. */
  gap: "A part of this answer could not be sent here. The operator can see why.",
  /** The same of an answer in one part. */
  lost: "The agent answered, but the answer could not be sent here. The operator can see why.",
  /** A part of which nobody knows whether it is there. */
  unsure:
    "It is not certain that all of this answer arrived: the platform didn't confirm it. The operator can see more.",
} as const;

/** A time as people read it, in UTC, to the minute. */
function dayText(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
