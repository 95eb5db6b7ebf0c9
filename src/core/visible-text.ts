// Controls but tab and line feed (C0, DEL, C1), direction marks and overrides, line and paragraph separators, the byte
// order mark, and halves of pairs. Joiners within emoji are none of these.
const HIDDEN = /(?![\t\n])\p{Cc}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;

/**
 * A text for one line of a terminal or a log: whatever could move the cursor, colour, start a line or turn the reading
 * direction is written as `\u001b`. Pure.
 */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, escapeUnit).replace(/[\t\n]/g, escapeUnit);
}

/** As {@link visibleText} for a text of several lines: line breaks and tabs stay, CRLF becomes a line break. Pure. */
export function visibleLines(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
