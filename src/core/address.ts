/** Where a message came from and where its answer goes. Immutable: a turn carries its address to its end. */
export interface Address {
  /** Kind of channel, e.g. `telegram`. */
  readonly channel: string;
  /** One set of credentials on it, e.g. `default`. */
  readonly account: string;
  /** A chat, room or page conversation, in the platform's own id. */
  readonly conversation: string;
  /** A topic within the conversation. */
  readonly thread?: string;
}

/** Writes `channel/account/conversation[/thread]`, each part percent-encoded. */
export function formatAddress(address: Address): string {
  const parts = [address.channel, address.account, address.conversation];
  if (address.thread !== undefined) parts.push(address.thread);
  return parts.map(encodePart).join("/");
}

/** Reads what {@link formatAddress} writes; undefined when it is not an address. */
export function parseAddress(text: string): Address | undefined {
  const parts = text.split("/").map(decodePart);
  if (parts.length < 3 || parts.length > 4 || parts.includes("")) return undefined;
  const [channel = "", account = "", conversation = "", thread] = parts;
  return thread === undefined
    ? { channel, account, conversation }
    : { channel, account, conversation, thread };
}

/** Whether two addresses are the same place. */
export function sameAddress(a: Address, b: Address): boolean {
  return formatAddress(a) === formatAddress(b);
}

/**
 * Whether a binding's pattern (an address whose parts may be `*`, e.g. `telegram/default/*`) covers an address.
 * A pattern without a thread covers every thread of its conversation.
 */
export function matchesAddress(pattern: string, address: Address): boolean {
  const wanted = pattern.split("/").map((part) => (part === "*" ? undefined : decodePart(part)));
  const actual = [address.channel, address.account, address.conversation, address.thread];
  return wanted.length <= 4 && wanted.every((part, i) => part === undefined || part === actual[i]);
}

/**
 * Percent-encodes one part, so that no id can hold the separators of addresses (`/`) and session keys (`:`), or be
 * taken for a pattern's `*`.
 */
export function encodePart(part: string): string {
  return encodeURIComponent(part.toWellFormed()).replaceAll("*", "%2A");
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    // A stray percent sign is the one thing that can throw here: such a text is no address.
    if (error instanceof URIError) return "";
    throw error;
  }
}
