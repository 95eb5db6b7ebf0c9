import { stat } from "node:fs/promises";
import { InputFile } from "grammy";
import type { DeliveryBody } from "../../core/delivery.ts";
import { codeOf } from "../../core/errors.ts";
import { SECOND, type Duration } from "../../core/time.ts";
import type { ApiFault, ApiSignal, RawApi } from "./api.ts";
import { isPhoto } from "./mime.ts";
import { captionOf, fitsMessage, type Outgoing } from "./outgoing.ts";
import { remedyFor } from "./send-outcome.ts";

/** Largest files that a bot may send (Bot API, "Sending files"). In bytes. */
export const FILE_BYTES = 50_000_000;
const PHOTO_BYTES = 10_000_000;

/** Own deadline of a request; files get more by their size, at the slowest line that still makes sense. */
const CALL_DEADLINE = 30 * SECOND;
const SLOWEST_BYTES_PER_SECOND = 128 * 1024;

/** Where a message goes, and in which form. Changed by remedies from one call to the next. */
export interface Target {
  readonly chat: string;
  readonly thread: number | null;
  readonly quote: number | null;
  readonly silent: boolean;
  /** Without markup: Telegram couldn't read it. */
  readonly plain: boolean;
  /** As a document, even if it is an image. */
  readonly document: boolean;
}

/** One message as one call of the Bot API, with its deadline. */
export interface SendCall {
  readonly deadline: Duration;
  readonly run: (raw: RawApi, target: Target, signal: ApiSignal) => Promise<number>;
}

interface FileSource {
  readonly name: string;
  readonly mime: string;
  readonly bytes: number;
  /** Made anew for every call: a stream can be read once. */
  input(): InputFile;
}

/** Makes the call for a body; a text says why there is none. */
export async function sendCall(body: DeliveryBody, message: Outgoing): Promise<SendCall | string> {
  const file = body.file === undefined ? textFile(body, message) : await bodyFile(body.file);
  if (typeof file === "string") return file;
  if (file !== undefined) return fileCall(file, message);
  if (message.plain.trim() === "") return "nothing to send";
  return { deadline: CALL_DEADLINE, run: (raw, target, signal) => sendText(raw, target, message, signal) };
}

/** A text that is too long for one message goes as a file: one delivery is one message. */
function textFile(body: DeliveryBody, message: Outgoing): FileSource | undefined {
  if (fitsMessage(message)) return undefined;
  const [name, mime] =
    body.format === "plain" ? ["message.txt", "text/plain"] : ["message.md", "text/markdown"];
  return contentFile(body.text, name, mime);
}

function contentFile(content: string, name: string, mime: string): FileSource {
  const bytes = Buffer.from(content);
  return { name, mime, bytes: bytes.length, input: () => new InputFile(bytes, name) };
}

async function bodyFile(file: NonNullable<DeliveryBody["file"]>): Promise<FileSource | string> {
  if (file.content !== undefined) return contentFile(file.content, file.name, file.mime);
  try {
    const found = await stat(file.path);
    if (!found.isFile() || found.size === 0) return "the file is empty, or no file";
    if (found.size > FILE_BYTES) return `the file has ${found.size} bytes, more than ${FILE_BYTES}`;
    return {
      name: file.name,
      mime: file.mime,
      bytes: found.size,
      input: () => new InputFile(file.path, file.name),
    };
  } catch (error) {
    return `the file can't be read (${codeOf(error) ?? "unknown"})`;
  }
}

function fileCall(file: FileSource, message: Outgoing): SendCall {
  const photo = isPhoto(file.mime) && file.bytes <= PHOTO_BYTES;
  return {
    deadline: CALL_DEADLINE + (file.bytes / SLOWEST_BYTES_PER_SECOND) * SECOND,
    async run(raw, target, signal) {
      const caption = captionOf(message);
      const base = { ...common(target), ...(caption.trim() !== "" && { caption }) };
      const sent =
        photo && !target.document
          ? await raw.sendPhoto({ ...base, photo: file.input() }, signal)
          : await raw.sendDocument({ ...base, document: file.input() }, signal);
      return sent.message_id;
    },
  };
}

async function sendText(raw: RawApi, target: Target, message: Outgoing, signal: ApiSignal): Promise<number> {
  const sent = await raw.sendMessage({ ...common(target), ...textOf(message, target.plain) }, signal);
  return sent.message_id;
}

/** The text of a message as the Bot API wants it. */
export function textOf(message: Outgoing, plain: boolean) {
  const link_preview_options = { is_disabled: true } as const;
  if (plain || message.html === null) return { text: message.plain, link_preview_options };
  return { text: message.html, parse_mode: "HTML" as const, link_preview_options };
}

function common(target: Target) {
  return {
    chat_id: target.chat,
    ...(target.silent && { disable_notification: true }),
    ...(target.thread !== null && { message_thread_id: target.thread }),
    ...(target.quote !== null && {
      reply_parameters: { message_id: target.quote, allow_sending_without_reply: true },
    }),
  };
}

/** The target that may help after a fault; undefined when nothing does, or it was tried. */
export function remedied(target: Target, fault: ApiFault): Target | undefined {
  if (fault.kind !== "answered") return undefined;
  switch (remedyFor(fault)) {
    case "plain":
      return target.plain ? undefined : { ...target, plain: true };
    case "no-quote":
      return target.quote === null ? undefined : { ...target, quote: null };
    case "no-thread":
      return target.thread === null ? undefined : { ...target, thread: null };
    case "document":
      return target.document ? undefined : { ...target, document: true };
    case "migrate":
      return fault.migrateTo === null || fault.migrateTo === target.chat
        ? undefined
        : { ...target, chat: fault.migrateTo };
    case "none":
      return undefined;
  }
}
