import { ENTRY_STATES } from "../../../src/core/entry.ts";
import {
  asList,
  asNumber,
  asNumberOrNull,
  asObject,
  asText,
  asTextOrNull,
  asTime,
  type Json,
} from "./fields.ts";
import type { Delivery, HistoryLine, Hold, Message } from "./wire.ts";

/** Reads a message of the API. Fields that a newer gateway adds are ignored; undefined when it is no message. */
export function readMessage(value: unknown): Message | undefined {
  const json = asObject(value);
  const id = asTextOrNull(json["id"]);
  const state = ENTRY_STATES.find((one) => one === json["state"]);
  if (id === null || state === undefined) return undefined;
  return {
    id,
    state,
    clientId: asTextOrNull(json["clientId"]),
    kind: json["kind"] === "control" ? "control" : "message",
    ...readPlace(json),
    text: asText(json["text"]),
    attachments: asList(json["attachments"]).map(readAttachment),
    acceptedAt: asTime(json["acceptedAt"]),
    attempts: asNumber(json["attempts"]),
    harness: asTextOrNull(json["harness"]),
    model: asTextOrNull(json["model"]),
    generation: asNumberOrNull(json["generation"]),
    turn: asTextOrNull(json["turn"]),
    reply: readReply(json["reply"]),
    hold: readHold(json["hold"]),
    replayOf: asTextOrNull(json["replayOf"]),
    deliveries: asList(json["deliveries"]).map(readDelivery),
    history: json["history"] === undefined ? null : asList(json["history"]).map(readHistoryLine),
  };
}

function readPlace(
  json: Json,
): Pick<Message, "channel" | "account" | "conversation" | "sender" | "agent" | "session"> {
  const sender = asObject(json["sender"]);
  return {
    channel: asText(json["channel"]),
    account: asText(json["account"]),
    conversation: asText(json["conversation"]),
    sender: asText(sender["name"]) || asText(sender["id"]),
    agent: asText(json["agent"]),
    session: asText(json["session"]),
  };
}

function readAttachment(value: unknown): Message["attachments"][number] {
  const json = asObject(value);
  return {
    name: asText(json["name"], "file"),
    mime: asText(json["mime"]),
    bytes: asNumberOrNull(json["bytes"]),
  };
}

function readReply(value: unknown): Message["reply"] {
  if (typeof value !== "object" || value === null) return null;
  const json = asObject(value);
  return { text: asText(json["text"]), files: asList(json["files"]).map((file) => asText(file)) };
}

function readHold(value: unknown): Hold | null {
  if (typeof value !== "object" || value === null) return null;
  const json = asObject(value);
  return {
    code: asText(json["code"]),
    since: asTime(json["since"]),
    incident: asTextOrNull(json["incident"]),
  };
}

function readDelivery(value: unknown): Delivery {
  const json = asObject(value);
  return {
    kind: asText(json["kind"]),
    state: asText(json["state"]),
    attempts: asNumber(json["attempts"]),
    inDoubt: json["inDoubt"] === true,
    platformId: asTextOrNull(json["platformId"]),
    text: asTextOrNull(json["text"]),
  };
}

function readHistoryLine(value: unknown): HistoryLine {
  const { at, event, ...rest } = asObject(value);
  const data: Record<string, string> = {};
  for (const [key, one] of Object.entries(rest)) {
    if (one === null || one === undefined) continue;
    data[key] = typeof one === "string" ? one : JSON.stringify(one);
  }
  return { at: asTime(at), event: asText(event, "?"), data };
}
