import { formatAddress } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import type { TurnId } from "../core/ids.ts";
import type { AttachmentKind } from "../core/message.ts";

/** An attachment that was fetched: where it is, or why it isn't there. */
export interface FetchedFile {
  readonly kind: AttachmentKind;
  readonly name: string;
  readonly mime: string;
  readonly path: string | null;
  /** What a voice note says, where it was transcribed. */
  readonly transcript?: string;
  readonly problem?: string;
}

export interface EnvelopeInput {
  readonly turn: TurnId;
  readonly entries: readonly { readonly entry: Entry; readonly files: readonly FetchedFile[] }[];
  /** Exchanges that this harness hasn't seen, oldest first. */
  readonly missed: readonly { readonly text: string; readonly reply: string }[];
  /**
   * This message was begun before, and the gateway or the harness was interrupted: `here`, in the session that is gone
   * on with; `elsewhere`, in one that is lost or another harness's.
   */
  readonly interrupted: false | "here" | "elsewhere";
}

const INTERRUPTED = {
  here: "you may have begun to answer this message when you were stopped; go on, and don't repeat what is done",
  elsewhere:
    "this message was begun before and stopped, and what was done then isn't known here; look before you repeat anything",
} as const;

/** The first line of what an agent reads: by it a turn is found again in a harness's own record. */
export function markerOf(turn: TurnId): string {
  return `[rollcall ${turn}]`;
}

/** The line after which the user's own words stand, and nothing else. */
export const ENVELOPE_END = "---";

/**
 * What the agent reads: a head of `name: value` lines (documented in the guide), a line `---`, and the user's own
 * words, which come last. Values are folded to one line, so that no text from outside can add a line to the head.
 */
export function buildEnvelope(input: EnvelopeInput): string {
  const first = input.entries[0];
  if (first === undefined) return "";
  const head = [markerOf(input.turn), ...headOf(first.entry)];
  if (input.interrupted !== false) head.push(`interrupted: ${INTERRUPTED[input.interrupted]}`);
  for (const { text, reply } of input.missed) {
    head.push(`earlier message: ${fold(text, 1500)}`, `earlier answer: ${fold(reply, 1500)}`);
  }
  for (const line of first.entry.body.groupTalk ?? [])
    head.push(`said in the group: ${fold(line.author, 80)}: ${fold(line.text, 500)}`);
  const many =
    input.entries.length > 1 && new Set(input.entries.map(({ entry }) => entry.sender.id)).size > 1;
  for (const part of input.entries) head.push(...detailOf(part.entry, part.files));
  const texts = input.entries
    .map(({ entry }) =>
      many && entry.body.text !== "" ? `${entry.sender.name}: ${entry.body.text}` : entry.body.text,
    )
    .filter((text) => text.trim() !== "");
  return `${head.join("\n")}\n${ENVELOPE_END}\n${texts.join("\n\n")}`;
}

function headOf(entry: Entry): string[] {
  const { sender, body } = entry;
  const user = sender.username === undefined ? "" : ` @${sender.username}`;
  const lines = [
    `from: ${fold(sender.name, 80)}${fold(user, 80)} (id ${fold(sender.id, 80)}, ${entry.role})`,
    `chat: ${body.chat.kind}${body.chat.title === undefined ? "" : ` "${fold(body.chat.title, 120)}"`} ${formatAddress(entry.address)}`,
  ];
  if (body.chat.topic !== undefined) lines.push(`topic: ${fold(body.chat.topic, 120)}`);
  lines.push(`time: ${localTime(body.sentAt)}`);
  return lines;
}

function detailOf(entry: Entry, files: readonly FetchedFile[]): string[] {
  const { body } = entry;
  const lines: string[] = [];
  if (body.edited === true) lines.push("edited: this replaces an earlier message of the same sender");
  if (body.quoted !== undefined)
    lines.push(`answers to: ${fold(body.quoted.author, 80)}: ${fold(body.quoted.text, 1000)}`);
  if (body.forwardedFrom !== undefined) lines.push(`forwarded from: ${fold(body.forwardedFrom, 120)}`);
  for (const file of files) {
    const what =
      file.path === null ? `not available (${file.problem ?? "it could not be fetched"})` : file.path;
    lines.push(`${file.kind}: ${fold(file.name, 120)} (${fold(file.mime, 80)}) ${what}`);
    if (file.transcript !== undefined) lines.push(`voice note says: ${fold(file.transcript, 8000)}`);
  }
  return lines;
}

/** One line: what could pose as another line of the head is flattened. */
function fold(text: string, limit: number): string {
  const flat = text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return flat.length <= limit ? flat : `${flat.slice(0, limit).toWellFormed()}…`;
}

/** The gateway's local time with its offset, e.g. `2026-03-01 14:05 +01:00`. */
function localTime(at: number): string {
  const offset = -new Date(at).getTimezoneOffset();
  const sign = offset < 0 ? "-" : "+";
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const local = new Date(at + offset * 60_000).toISOString().slice(0, 16).replace("T", " ");
  return `${local} ${sign}${pad(Math.abs(offset) / 60)}:${pad(Math.abs(offset) % 60)}`;
}
