import type { Message } from "../api/wire.ts";
import { byTime, isOfPage, type KnownMessages } from "./merge-messages.ts";

/** The conversation that is there before any message. */
export const MAIN = "main";

/** Longest title, in characters. */
const TITLE = 60;

/** A conversation as the list shows it. */
export interface Conversation {
  readonly name: string;
  readonly title: string;
  /** When something was last written in it; 0 when nothing was yet. */
  readonly lastAt: number;
  /** `working`: an answer is being written or waited for; `held`, `failed`: the newest message is. */
  readonly mark: "working" | "held" | "failed" | null;
}

/** What is known of messages that the gateway doesn't have yet. */
export interface Pending {
  readonly conversation: string;
  readonly text: string;
  readonly at: number;
}

/**
 * The conversations of the page, the latest first; `main` and the open one are always among them. A title is the
 * first line of the oldest message that is known. Pure.
 */
export function conversationsOf(
  known: KnownMessages,
  pending: readonly Pending[],
  open: string,
): readonly Conversation[] {
  const first = new Map<string, { readonly at: number; readonly text: string }>();
  const last = new Map<string, Message>();
  const lastAt = new Map<string, number>();
  const note = ({ conversation, text, at }: Pending): void => {
    if (at < (first.get(conversation)?.at ?? Number.POSITIVE_INFINITY)) first.set(conversation, { at, text });
    lastAt.set(conversation, Math.max(at, lastAt.get(conversation) ?? 0));
  };
  for (const { message } of known.values()) {
    if (!isOfPage(message)) continue;
    note({ conversation: message.conversation, text: titleText(message), at: message.acceptedAt });
    const newest = last.get(message.conversation);
    if (newest === undefined || byTime(newest, message) < 0) last.set(message.conversation, message);
  }
  for (const one of pending) note(one);
  return [...new Set([open, MAIN, ...lastAt.keys()])]
    .map((name) => ({
      name,
      title: titleOf(name, first.get(name)?.text ?? ""),
      lastAt: lastAt.get(name) ?? 0,
      mark: markOf(last.get(name)),
    }))
    .sort((a, b) => order(b, open) - order(a, open) || (a.name < b.name ? -1 : 1));
}

/** A new conversation that is open stands first, before anything is written in it. */
function order(one: Conversation, open: string): number {
  return one.lastAt === 0 && one.name === open && one.name !== MAIN ? Number.POSITIVE_INFINITY : one.lastAt;
}

function titleText(message: Message): string {
  return message.text.trim() === "" ? (message.attachments[0]?.name ?? "") : message.text;
}

function titleOf(name: string, text: string): string {
  const line = text.trim().split("\n")[0]?.trim() ?? "";
  if (line === "") return name === MAIN ? "Main" : isMade(name) ? "New conversation" : name;
  if (!isMade(name)) return name === MAIN ? "Main" : name;
  const characters = Array.from(line);
  return characters.length > TITLE ? `${characters.slice(0, TITLE - 1).join("")}…` : line;
}

function markOf(message: Message | undefined): Conversation["mark"] {
  switch (message?.state) {
    case "queued":
    case "running":
      return "working";
    case "held":
      return "held";
    case "dead":
    case "quarantined":
      return "failed";
    case "answered":
    case "done":
    case "cancelled":
    case "absorbed":
    case undefined:
      return null;
  }
}

const MADE = /^chat-[0-9a-z]{6,}-[0-9a-z]{4}$/;

/** Whether the page made this name. Others were chosen by a person and are shown as they are. */
function isMade(name: string): boolean {
  return MADE.test(name);
}

/** A name for a new conversation, from the time and a random number in [0, 1). Pure. */
export function newConversation(now: number, random: number): string {
  const tail = Math.floor(random * 36 ** 4)
    .toString(36)
    .padStart(4, "0");
  return `chat-${now.toString(36).padStart(6, "0")}-${tail}`;
}
