import { formatAddress } from "../core/address.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { Attachment } from "../core/message.ts";
import { toIso } from "../core/time.ts";
import { historyJson } from "./message-life.ts";
import type { StoredMessage } from "../ports/store.ts";

/** A message as the API shows it. Pure; `history` only where one message is asked for. */
export function messageJson(stored: StoredMessage, history: boolean): Readonly<Record<string, unknown>> {
  const { entry, turn, dead } = stored;
  return {
    ...whoAndWhere(entry),
    text: entry.body.text,
    attachments: entry.body.attachments.map(attachmentJson),
    acceptedAt: toIso(entry.acceptedAt),
    attempts: entry.attempt,
    repeats: turn?.reruns ?? 0,
    harness: turn?.harness ?? null,
    model: turn?.model ?? null,
    generation: turn?.generation ?? null,
    turn: entry.turn,
    reply: replyJson(stored),
    hold: entry.hold === null ? null : { ...entry.hold, since: toIso(entry.hold.since) },
    failure: dead === undefined ? null : { ...dead, at: toIso(dead.at) },
    replayOf: entry.replayOf,
    deliveries: stored.deliveries.map(deliveryJson),
    ...(history && {
      ranWith: (turn?.entries ?? []).filter((id) => id !== entry.id),
      reruns: stored.reruns ?? [],
      history: historyJson(stored),
    }),
  };
}

/** An agent's answer; a chat command's is the delivery that the gateway wrote itself. */
function replyJson({ reply, deliveries }: StoredMessage): Readonly<Record<string, unknown>> | null {
  if (reply !== null) return { text: reply.text, files: reply.files.map(lastPart) };
  const command = deliveries.find(({ kind }) => kind === "command");
  return command === undefined ? null : { text: command.body.text, files: [] };
}

function whoAndWhere(entry: Entry): Readonly<Record<string, unknown>> {
  const { channel, account, conversation, thread } = entry.address;
  return {
    id: entry.id,
    clientId: entry.clientId,
    state: entry.state,
    kind: entry.kind,
    channel,
    account,
    conversation,
    ...(thread !== undefined && { thread }),
    sender: entry.sender,
    agent: entry.agent,
    session: entry.session,
  };
}

/** A delivery as the API shows it. Pure. */
export function deliveryJson(delivery: Delivery): Readonly<Record<string, unknown>> {
  return {
    id: delivery.id,
    key: delivery.key,
    kind: delivery.kind,
    part: delivery.part,
    to: formatAddress(delivery.address),
    state: delivery.state,
    attempts: delivery.attempts,
    inDoubt: delivery.inDoubt,
    platformId: delivery.platformId,
    // Of a reply the text stands above, whole.
    ...(delivery.kind === "notice" && { text: delivery.body.text }),
  };
}

function attachmentJson(attachment: Attachment): Readonly<Record<string, unknown>> {
  const { kind, name, mime, bytes } = attachment;
  return { kind, name, mime, bytes: bytes ?? null };
}

/** Folders of the gateway's machine are nobody's business. */
function lastPart(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? "";
}
