import { LIMITS } from "../../core/limits.ts";
import { openFence } from "../code-fence.ts";
import { splitMarkdown } from "../split-text.ts";
import { visibleText } from "./html-text.ts";
import { MESSAGE_UNITS } from "./plan-reply.ts";
import { renderedUnits, renderMarkdown } from "./render.ts";

/** Begins a message that may be there already. */
export const REPEAT_MARK = "↻ sent again:";

/** Longest text below a file, in UTF-16 units (Bot API, sendDocument). */
const CAPTION_UNITS = 1024;
/** What is shown of a growing answer: its end, with room for the mark before it. */
const TAIL_UNITS = 3500;

/** A text as it goes out: HTML, and what is sent when Telegram can't read that. */
export interface Outgoing {
  /** Null where the text is plain. */
  readonly html: string | null;
  readonly plain: string;
}

/** Renders a text. Its plain form is what the HTML shows, so that both are of the same length. */
export function outgoing(text: string, format: "markdown" | "plain", mark = ""): Outgoing {
  const head = mark === "" ? "" : `${mark}\n`;
  if (format === "plain") return { html: null, plain: head + text.toWellFormed() };
  const html = renderMarkdown(text);
  // Markup without anything to show (a bare link definition): what was written is shown.
  if (visibleText(html).trim() === "") return { html: null, plain: head + text.toWellFormed() };
  return { html: head + html, plain: head + visibleText(html) };
}

/** Whether a text fits into one message. */
export function fitsMessage(message: Outgoing): boolean {
  return message.plain.length <= MESSAGE_UNITS;
}

/** The beginning of a text, short enough for the line below a file. */
export function captionOf(message: Outgoing): string {
  if (message.plain.length <= CAPTION_UNITS) return message.plain;
  return `${message.plain.slice(0, CAPTION_UNITS - 1).toWellFormed()}…`;
}

/** The end of a growing answer, where it is too long for one message. Pure. */
export function tailOf(text: string): string {
  if (text.length <= TAIL_UNITS && renderedUnits(text) <= MESSAGE_UNITS) return text;
  let from = text.length - TAIL_UNITS;
  const line = text.indexOf("\n", from);
  if (line !== -1 && line < text.length - 1) from = line + 1;
  const fence = openFence(text.slice(0, from));
  const tail = `…\n${fence === undefined ? "" : `${fence.marker}${fence.language}\n`}${text.slice(from).toWellFormed()}`;
  // Tables can grow when they are rendered: then their beginning has to do.
  return splitMarkdown(tail, { limit: MESSAGE_UNITS, measure: renderedUnits, most: 1 }).parts[0] ?? "…";
}

/** A text with the channel's own token taken out, should an agent ever have come across it. */
export function withoutSecret(text: string, secret: string): string {
  return text.replaceAll(secret, "[removed]").slice(0, LIMITS.replyUnits);
}
