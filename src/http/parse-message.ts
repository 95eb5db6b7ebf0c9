import { encodePart, parseAddress, type Address } from "../core/address.ts";
import { RollcallError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { AttachmentKind } from "../core/message.ts";
import { malformed, optionalText, readFields, requiredText, type Fields } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";

/** A request to send a message, checked. */
export interface MessageRequest {
  readonly text: string;
  readonly agent: string | null;
  readonly conversation: string;
  readonly id: string | null;
  readonly to: Address | null;
  readonly attachments: readonly RequestAttachment[];
}

export interface RequestAttachment {
  readonly kind: AttachmentKind;
  readonly name: string;
  readonly mime: string;
  readonly data: Uint8Array;
}

const FIELDS = ["text", "agent", "conversation", "id", "to", "attachments"];
const ATTACHMENT_FIELDS = ["name", "mime", "data"];
const MAIN_CONVERSATION = "main";

/**
 * Reads the body of `POST /api/v1/messages`. Pure.
 *
 * @throws RollcallError `request-malformed`, `message-empty`, `message-too-long`, `attachment-refused`,
 *   `address-unknown`
 */
export function parseMessageRequest(body: unknown): MessageRequest {
  const fields = readFields(body, FIELDS);
  const attachments = readAttachments(fields["attachments"]);
  return {
    text: readText(fields["text"], attachments.length > 0),
    agent: optionalText(fields, "agent", { max: HTTP_LIMITS.nameUnits }) ?? null,
    conversation: readConversation(fields),
    id: optionalText(fields, "id", { max: HTTP_LIMITS.clientIdUnits }) ?? null,
    to: readTo(fields),
    attachments,
  };
}

/** What makes two requests the same message: who sent it, in which conversation, under which id. */
export function messageKey(caller: string, conversation: string, id: string): string {
  return [caller, conversation, id].map(encodePart).join(":");
}

function readText(value: unknown, mayBeEmpty: boolean): string {
  if (value !== undefined && typeof value !== "string") throw malformed("text", "is not a text");
  const text = (value ?? "").toWellFormed();
  if (text.trim() === "" && !mayBeEmpty) throw new RollcallError("message-empty", { at: "text" });
  if (text.length > LIMITS.textUnits) {
    throw new RollcallError("message-too-long", {
      at: "text",
      detail: `at most ${LIMITS.textUnits} characters`,
    });
  }
  return text;
}

function readConversation(fields: Fields): string {
  const name = optionalText(fields, "conversation", { max: HTTP_LIMITS.conversationUnits });
  if (name?.includes("/") === true) {
    throw malformed("conversation", "is a bare name, without slashes; an address goes into `to`");
  }
  return name ?? MAIN_CONVERSATION;
}

function readTo(fields: Fields): Address | null {
  const text = optionalText(fields, "to", { max: HTTP_LIMITS.addressUnits });
  return text === undefined ? null : readAddress(text, "to");
}

/** @throws RollcallError `address-unknown` */
export function readAddress(text: string, at: string): Address {
  const address = parseAddress(text);
  if (address === undefined)
    throw new RollcallError("address-unknown", { at, detail: "it is not an address" });
  return address;
}

function readAttachments(value: unknown): readonly RequestAttachment[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw malformed("attachments", "is not a list");
  if (value.length > LIMITS.attachmentsPerMessage) {
    throw new RollcallError("attachment-refused", {
      at: "attachments",
      detail: `at most ${LIMITS.attachmentsPerMessage} attachments`,
    });
  }
  return value.map((item, index) => readAttachment(item, `attachments.${index}`));
}

function readAttachment(item: unknown, at: string): RequestAttachment {
  const fields = readFields(item, ATTACHMENT_FIELDS, at);
  const name = requiredText(fields, "name", { max: HTTP_LIMITS.nameUnits * 2 }, at);
  const mime = requiredText(fields, "mime", { max: HTTP_LIMITS.nameUnits }, at).toLowerCase();
  if (!/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/.test(mime)) {
    throw malformed(`${at}.mime`, "is not a media type such as image/png");
  }
  return { kind: kindOf(mime), name, mime, data: readBase64(fields["data"], `${at}.data`) };
}

function kindOf(mime: string): AttachmentKind {
  const top = mime.split("/")[0];
  return top === "image" || top === "audio" || top === "video" ? top : "document";
}

/** Base64 as RFC 4648 writes it: whatever else `Buffer` would read is refused. */
function readBase64(value: unknown, at: string): Uint8Array {
  if (typeof value !== "string") throw malformed(at, "is not a text in base64");
  const data = Buffer.from(value, "base64");
  if (data.toString("base64") !== value) throw malformed(at, "is not base64");
  if (data.byteLength > LIMITS.attachmentBytes) {
    throw new RollcallError("attachment-refused", { at, detail: `at most ${LIMITS.attachmentBytes} bytes` });
  }
  return data;
}
