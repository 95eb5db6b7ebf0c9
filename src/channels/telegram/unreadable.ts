import { createHash } from "node:crypto";
import { LIMITS } from "../../core/limits.ts";
import type { InboundUnreadable } from "../../ports/intake.ts";
import { asObject, numberAt, objectAt, textAt, type Json } from "./json.ts";
import type { ParseContext } from "./parse-names.ts";

/**
 * An update that isn't read: what was delivered, and who wrote where as far as two numbers tell. Nothing else of it is
 * looked at.
 *
 * @param bare nothing at all is looked at: even that crashed the process
 */
export function unreadableUpdate(
  update: unknown,
  context: ParseContext,
  reason: string,
  bare = false,
): InboundUnreadable {
  const json = asObject(update) ?? {};
  const raw = bare ? "(not shown: looking at it makes the gateway crash)" : rawOf(update);
  return {
    kind: "unreadable",
    reason,
    raw,
    dedupeKey: keyOf(context, numberAt(json, "update_id"), raw),
    from: bare ? null : fromOf(json, context),
  };
}

/** Of an answer that is too large to be read: what its first bytes tell. Null when not even the update's id is there. */
export function unreadableHead(
  head: string,
  context: ParseContext,
  reason: string,
): { readonly id: number; readonly item: InboundUnreadable } | null {
  const id = numberIn(head, /"update_id"\s*:\s*(\d{1,15})/);
  if (id === undefined) return null;
  const chat = numberIn(head, /"chat"\s*:\s*\{\s*"id"\s*:\s*(-?\d{1,16})/);
  const from = numberIn(head, /"from"\s*:\s*\{\s*"id"\s*:\s*(-?\d{1,16})/);
  const raw = head.slice(0, LIMITS.keptRawUnits);
  const json: Json = {
    ...(chat !== undefined && { chat: { id: chat, type: chat === from ? "private" : "group" } }),
    ...(from !== undefined && { from: { id: from } }),
  };
  return {
    id,
    item: {
      kind: "unreadable",
      reason,
      raw,
      dedupeKey: keyOf(context, id, raw),
      from: fromOf({ message: json }, context),
    },
  };
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The update's id alone may come again for another one, after a quiet week. */
function keyOf({ bot }: ParseContext, id: number | undefined, raw: string): string {
  const digest = createHash("sha256").update(raw).digest("hex").slice(0, 16);
  return `${bot.id}:unreadable:${id ?? "none"}:${digest}`;
}

function rawOf(update: unknown): string {
  try {
    return (JSON.stringify(update) ?? "nothing").slice(0, LIMITS.keptRawUnits).toWellFormed();
  } catch (error) {
    // Nested deeper than can be written again: that is said in its place.
    return `(it can't be shown: ${error instanceof Error ? error.name : "unknown"})`;
  }
}

function fromOf(json: Json, { account }: ParseContext): InboundUnreadable["from"] {
  const message = objectAt(json, "message") ?? objectAt(json, "edited_message");
  const chat = message === undefined ? undefined : objectAt(message, "chat");
  const from = message === undefined ? undefined : objectAt(message, "from");
  const place = chat === undefined ? undefined : numberAt(chat, "id");
  const sender = from === undefined ? undefined : numberAt(from, "id");
  if (chat === undefined || place === undefined || sender === undefined) return null;
  return {
    address: { channel: "telegram", account, conversation: String(place) },
    sender: { id: String(sender), name: String(sender) },
    chat: textAt(chat, "type") === "private" ? "direct" : "group",
  };
}
