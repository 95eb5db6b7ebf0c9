import type { Message } from "../api/wire.ts";

/** A message with the number of the request that brought it: a later request knows at least as much. */
export interface Known {
  readonly message: Message;
  readonly ticket: number;
}

export type KnownMessages = ReadonlyMap<string, Known>;

/**
 * Puts what a request brought beside what is known. Answers may overtake each other: what came by an earlier request
 * never replaces what came by a later one. Returns the same map when nothing changes. Pure.
 */
export function mergeMessages(known: KnownMessages, news: readonly Message[], ticket: number): KnownMessages {
  const fresh = news.filter((message) => (known.get(message.id)?.ticket ?? -1) <= ticket);
  if (fresh.length === 0) return known;
  const merged = new Map(known);
  for (const message of fresh) {
    const before = known.get(message.id)?.message;
    const history = message.history ?? before?.history ?? null;
    merged.set(message.id, { message: { ...message, history }, ticket });
  }
  return merged;
}

/** The messages of one conversation of the page, oldest first. Ids sort by their time. Pure. */
export function messagesOf(known: KnownMessages, conversation: string): readonly Message[] {
  return [...known.values()]
    .map(({ message }) => message)
    .filter((message) => isOfPage(message) && message.conversation === conversation)
    .sort(byTime);
}

/** Whether a message belongs to a conversation of the page, not to another channel. */
export function isOfPage(message: Message): boolean {
  return message.channel === "web" && message.account === "default";
}

/** Oldest first; ids sort by their time within the same millisecond. Pure. */
export function byTime(a: Message, b: Message): number {
  return a.acceptedAt - b.acceptedAt || (a.id < b.id ? -1 : 1);
}
