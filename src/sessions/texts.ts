import type { ErrorCode } from "../core/errors.ts";
import type { Failure } from "../core/failure.ts";
import { formatDuration, type Duration, type Instant } from "../core/time.ts";

/** A message that is asked about. */
export interface StaleItem {
  readonly id: string;
  readonly at: Instant;
  readonly waited: Duration;
}

/** Messages that one question names. */
const STALE_LINES = 10;

/** What people read. No stack, path or internal name; a fault of ours is never called a fault of the message. */
export const TEXTS = {
  held: (incident: string, alerted: boolean): string =>
    `Your message is saved and will be answered as soon as the agent is back.${alerted ? " The operator was alerted." : ""} (${incident})`,
  heldUntil: (until: string): string =>
    `Your message is saved. The plan's limit is reached; it will be answered after ${until}.`,
  expired: (after: Duration): string =>
    `Your message waited ${formatDuration(after)} for the agent, which is the longest that is allowed here. It was not answered; send it again if it still matters.`,
  /** A hold that became stale: nothing of it runs before the answer. */
  staleAsk: (items: readonly StaleItem[]): string => {
    const [first] = items;
    if (first !== undefined && items.length === 1)
      return `Your message from ${untilText(first.at)} waited ${formatDuration(first.waited)} for the agent, so it doesn't run without your word.\n/run ${first.id} answers it now\n/skip ${first.id} drops it\n/show ${first.id} shows it`;
    const lines = items
      .slice(0, STALE_LINES)
      .map(({ id, at }) => `${untilText(at)}: /run ${id} /skip ${id} /show ${id}`);
    const more = items.length > STALE_LINES ? [`and ${items.length - STALE_LINES} more`] : [];
    return [
      `${items.length} of your messages waited for the agent, up to ${formatDuration(Math.max(...items.map(({ waited }) => waited)))}, so they don't run without your word. /run all answers them now, /skip all drops them.`,
      ...lines,
      ...more,
    ].join("\n");
  },
  unanswered: (after: Duration): string =>
    `You were asked about your message, and there was no answer for ${formatDuration(after)}. It was dropped; send it again if it still matters.`,
  stopped: "Your message was stopped before it was answered. Send it again if it still matters.",
  dead: "The agent failed on this message several times, and it won't be tried again by itself. The operator can see why.",
  noReply: "The agent finished without saying anything.",
  fallback: (model: string): string =>
    `_Answered by ${model}, because the usual model can't be reached right now._`,
  fallbackBlank: (model: string): string =>
    `_Answered by ${model}, because the usual model can't be reached right now. It knows only the last messages of this conversation._`,
  interruptedAsk: (id: string): string =>
    `The gateway was stopped while the agent was working on your message. Send \`/retry ${id}\` to run it again.`,
  cut: "\n\n(The answer was longer than can be kept; the rest was cut.)",
} as const;

const DEADLINES: Readonly<Record<NonNullable<Failure["deadline"]>, string>> = {
  firstEvent: "it didn't begin to answer in time",
  idle: "it was silent for too long",
  toolIdle: "a tool that it started was silent for too long",
  total: "it took longer than one answer may take",
};

/** Which deadline passed, and what was stopped. */
export function deadlineText(failure: Failure, limit: Duration): string {
  const why = DEADLINES[failure.deadline ?? "total"];
  return `The agent was stopped: ${why} (${formatDuration(limit)}). What it had begun was ended, and nothing was repeated.`;
}

/** What a sender is told whose message the model refused. */
export function refusedText(failure: Failure): string {
  const said = failure.said?.trim() ?? "";
  return said === "" ? "The model refused this message." : `The model refused this message: ${said}`;
}

/** A wait's end as people read it: the time in UTC, to the minute. */
export function untilText(until: Instant | undefined): string {
  return until === undefined
    ? "it is lifted"
    : `${new Date(until).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** One short reason per code, for `/status` and `/held`. */
export function reasonText(code: ErrorCode): string {
  return REASONS[code] ?? "the agent can't be reached";
}

const REASONS: Partial<Readonly<Record<ErrorCode, string>>> = {
  "harness-missing": "the agent's program is missing",
  "harness-login": "the agent's login has ended",
  "harness-model": "the model doesn't exist",
  "harness-limit": "the plan's limit is reached",
  "harness-overloaded": "the model's service is overloaded",
  "harness-protocol": "the agent's program speaks in a way that isn't understood",
  "harness-deadline": "the agent doesn't answer",
  "harness-unproven": "the agent hasn't been checked yet",
  "harness-unregistered": "the agent's program isn't part of the gateway",
  "hold-stale": "it waited long, and its sender is asked before it runs",
  "turn-interrupted": "it was interrupted, and its sender is asked before it runs again",
  restored: "it waited when a backup was put back",
  "agent-unknown": "the agent was taken out of the configuration",
  "agent-unavailable": "no model of the agent can be reached",
};
