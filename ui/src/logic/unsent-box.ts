import type { Outgoing } from "../api/client.ts";
import { asList, asNumber, asObject, asText, asTextOrNull } from "../api/fields.ts";

/** A message that the gateway hasn't confirmed, as it is kept across reloads. */
export interface Unsent extends Outgoing {
  /** When it was written. */
  readonly at: number;
  /** Why the gateway refused it for good; null while it may still pass. */
  readonly refusal: string | null;
}

/** The part of the browser's storage that is needed. */
export type Box = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "rollcall:unsent:";

/** Keeps a message. False when the browser has no room for it: then it lives as long as the page does. */
export function keepUnsent(box: Box, item: Unsent): boolean {
  try {
    box.setItem(PREFIX + item.id, JSON.stringify(item));
    return true;
  } catch (error) {
    // Full, or switched off by the person: storage throws a DOMException for both.
    if (error instanceof DOMException) return false;
    throw error;
  }
}

export function dropUnsent(box: Box, id: string): void {
  box.removeItem(PREFIX + id);
}

/** Everything that is kept, oldest first. What can't be read is passed over. */
export function readUnsent(box: Box): readonly Unsent[] {
  const found: Unsent[] = [];
  for (let i = 0; i < box.length; i++) {
    const key = box.key(i);
    if (key === null || !key.startsWith(PREFIX)) continue;
    const item = parse(box.getItem(key));
    if (item !== undefined) found.push(item);
  }
  return found.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

function parse(text: string | null): Unsent | undefined {
  try {
    const json = asObject(JSON.parse(text ?? ""));
    const id = asTextOrNull(json["id"]);
    const conversation = asTextOrNull(json["conversation"]);
    if (id === null || conversation === null) return undefined;
    return {
      id,
      conversation,
      agent: asTextOrNull(json["agent"]),
      text: asText(json["text"]),
      attachments: asList(json["attachments"]).map((one) => {
        const { name, mime, data } = asObject(one);
        return { name: asText(name, "file"), mime: asText(mime), data: asText(data) };
      }),
      at: asNumber(json["at"]),
      refusal: asTextOrNull(json["refusal"]),
    };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
