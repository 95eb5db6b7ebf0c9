import type { Message } from "../api/wire.ts";
import { reasonWords } from "./reasons.ts";

/** What can be done with a message now. */
export type Offer = "cancel" | "retry" | "rerun";

/** How a message is doing, as its reader is told. */
export interface StateWords {
  /** One or two words. */
  readonly label: string;
  /** A sentence more, where the label leaves a question open. */
  readonly more: string | null;
  readonly tone: "quiet" | "working" | "good" | "warn" | "bad";
  readonly offers: readonly Offer[];
}

/**
 * The state of a message in plain words.
 *
 * @param activity what the agent is doing while it works, e.g. the name of a tool
 * @param since a time in words, for a held message
 */
export function stateWords(
  message: Message,
  activity: string | null,
  since: (at: number) => string,
): StateWords {
  switch (message.state) {
    case "queued":
      return words("Waiting for its turn", "working", ["cancel"]);
    case "held":
      return heldWords(message, since);
    case "running":
      return words(workingLabel(message, activity), "working", ["cancel"]);
    case "answered":
      return words("Answered, being delivered", "working", []);
    case "done":
      return words("Answered", "good", message.kind === "control" ? [] : ["rerun"]);
    case "cancelled":
      return words("Stopped", "quiet", ["rerun"]);
    case "dead":
      return words("Failed", "bad", ["retry"], "It won't be tried again by itself.");
    case "quarantined":
      return words(
        "Set aside",
        "bad",
        ["retry", "cancel"],
        "Working on it brought the gateway down several times.",
      );
    case "absorbed":
      return words("Part of another message's answer", "quiet", []);
  }
}

function words(
  label: string,
  tone: StateWords["tone"],
  offers: readonly Offer[],
  more: string | null = null,
): StateWords {
  return { label, more, tone, offers };
}

function heldWords(message: Message, since: (at: number) => string): StateWords {
  const { hold } = message;
  if (hold?.code === "turn-interrupted") {
    const more =
      "The gateway was stopped while the agent was working on it, and the agent asks before it begins again.";
    return words("Interrupted", "warn", ["retry", "cancel"], more);
  }
  const time = hold === null ? "" : ` since ${since(hold.since)}`;
  const why = hold === null ? "the agent can't be reached" : reasonWords(hold.code);
  return words(`Held${time}`, "warn", ["cancel"], `Saved, and answered as soon as it can be: ${why}.`);
}

function workingLabel(message: Message, activity: string | null): string {
  const again = message.attempts > 1 ? ` (attempt ${message.attempts})` : "";
  return activity === null ? `Working${again}` : `Using ${activity}${again}`;
}

/** Whether an answer may still come. */
export function isOpen(message: Message): boolean {
  return ["queued", "held", "running", "answered"].includes(message.state);
}

/** The text that stands under a question: the final answer, else what the gateway itself said, else null. Pure. */
export function answerText(message: Message): string | null {
  if (message.reply !== null) return withFiles(message.reply);
  const said = message.deliveries.filter(
    ({ kind, text }) => text !== null && ["reply", "command", "notice"].includes(kind),
  );
  // A held message's notice says what the state says already.
  if (said.length === 0 || isOpen(message)) return null;
  return said.map(({ text }) => text ?? "").join("\n\n");
}

function withFiles(reply: { readonly text: string; readonly files: readonly string[] }): string {
  if (reply.files.length === 0) return reply.text;
  const names = reply.files.map((file) => `- \`${file.replace(/`/g, "")}\``).join("\n");
  return `${reply.text}\n\nFiles that were made:\n\n${names}`;
}

/** Whether the next message was answered together with this one, so that the answer stands there alone. Pure. */
export function sharesAnswer(message: Message, next: Message | undefined): boolean {
  return next !== undefined && message.turn !== null && message.turn === next.turn && message.reply !== null;
}
