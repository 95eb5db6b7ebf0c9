import type { HistoryLine } from "../api/wire.ts";
import { exactTime } from "./times.ts";

const WORDS: Readonly<Record<string, string>> = {
  accepted: "Accepted and stored",
  claimed: "An attempt began",
  prompted: "Handed to the agent",
  answered: "Answered",
  held: "Held",
  released: "Released",
  restored: "Held: a backup was put back",
  queued: "Waiting for its turn",
  interrupted: "Interrupted",
  resumed: "Interrupted, to be gone on with",
  rerun: "Interrupted, to be run again",
  drained: "Put back while the gateway stopped",
  asked: "The sender was asked",
  refused: "Refused by the model",
  retry: "Failed, to be tried again",
  retried: "Tried again by hand",
  cancelled: "Stopped",
  dead: "Failed for good",
  quarantined: "Set aside",
  absorbed: "Taken into another message’s answer",
  adopted: "Found finished after a restart",
  "hold-expired": "Waited longer than is allowed",
  unanswered: "The sender was asked, and didn’t answer",
  unreadable: "Could not be read",
  "agent-removed": "Its agent was taken out of the configuration",
  attempt: "Given to the next candidate",
  moved: "Its conversation got a new id",
  "delivery-held": "Delivery waits for a word of the chat",
  "asked-for": "Asked for by the chat",
  dropped: "Dropped by the chat",
  "delivery-dead": "Could not be delivered",
  withdrawn: "Notice withdrawn: it is tried again",
  sending: "Being delivered",
  sent: "Delivered",
  "retry-at": "Delivery put off",
  "in-doubt": "Delivery in doubt",
  done: "Done",
};

/** What happened, in words; what this page doesn't know stands as the gateway wrote it. Pure. */
export function historyWords(line: HistoryLine): string {
  return Object.hasOwn(WORDS, line.event) ? (WORDS[line.event] ?? line.event) : line.event;
}

/** Facts that are points in time, in milliseconds. */
const TIMES: readonly string[] = ["until", "notBefore"];

/** What every line of a turn says again. */
const REPEATED: readonly string[] = ["epoch", "turn", "generation", "part", "state"];

/** The rest of a line as `name value` pairs, without what every line has. Pure. */
export function historyFacts(line: HistoryLine): readonly (readonly [string, string])[] {
  return Object.entries(line.data)
    .filter(([key, value]) => !REPEATED.includes(key) && value !== "")
    .map(([key, value]) => [
      key,
      TIMES.includes(key) && /^\d{12,14}$/.test(value) ? exactTime(Number(value)) : value,
    ]);
}
