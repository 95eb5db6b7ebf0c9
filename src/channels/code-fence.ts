/** A fenced code block of Markdown that is open at the end of a text. */
export interface Fence {
  /** Blanks and quote marks before the fence; the marks of a list item count as blanks. */
  readonly lead: string;
  /** The backticks or tildes that opened it. */
  readonly marker: string;
  /** What stands after them, up to the first blank. */
  readonly language: string;
  /** Where its first line begins and ends. */
  readonly from: number;
  readonly to: number;
}

/** Longest name of a language that is repeated. In UTF-16 units. */
const LANGUAGE_UNITS = 20;

const OPENING = /^((?:[ \t]|> ?|[-*+] |\d{1,9}[.)] )*)(`{3,}(?=[^`]*$)|~{3,})[ \t]*([^\s`]*)/;

/** The code block that is open at the end of a text; undefined when none is. */
export function openFence(text: string): Fence | undefined {
  let fence: Fence | undefined;
  let from = 0;
  for (const line of text.split("\n")) {
    const to = from + line.length;
    if (fence === undefined) fence = opens(line, from, to);
    else if (closes(line, fence)) fence = undefined;
    from = to + 1;
  }
  return fence;
}

function opens(line: string, from: number, to: number): Fence | undefined {
  const match = OPENING.exec(line);
  if (match === null) return undefined;
  const [, before = "", marker = "", language = ""] = match;
  const lead = before.replace(/[^\s>]/g, " ");
  return { lead, marker, language: language.slice(0, LANGUAGE_UNITS).toWellFormed(), from, to };
}

function closes(line: string, fence: Fence): boolean {
  const bare = line.replace(/^(?:[ \t]|> ?)*/, "").trimEnd();
  return bare.length >= fence.marker.length && bare === (fence.marker[0] ?? "").repeat(bare.length);
}

/** A part that ends within a code block, with the block closed. */
export function closeFence(part: string, fence: Fence | undefined): string {
  if (fence === undefined) return part.trimEnd();
  return `${part.replace(/\n+$/, "")}\n${fence.lead}${fence.marker}`;
}

/** The line that opens a cut code block again, at the beginning of the next part, outside of any list. */
export function reopenFence(fence: Fence): string {
  return `${fence.lead.includes(">") ? fence.lead.trimStart() : ""}${fence.marker}${fence.language}\n`;
}

/** The length of the fence's closing line when `rest` begins with it, else undefined. */
export function fenceEnd(rest: string, fence: Fence): number | undefined {
  const line = /^[^\n]*/.exec(rest)?.[0] ?? "";
  return closes(line, fence) ? line.length : undefined;
}

/** Takes the block's own indent off its lines: what is left of a list's code block is shown outside of the list. */
export function undent(rest: string, fence: Fence): string {
  const indent = fence.lead.includes(">") ? 0 : fence.lead.length;
  if (indent === 0) return rest;
  const lines = rest.split("\n");
  const end = lines.findIndex((line) => closes(line, fence));
  const inside = (i: number): boolean => end === -1 || i <= end;
  return lines
    .map((line, i) =>
      inside(i) ? line.slice(Math.min(indent, /^[ \t]*/.exec(line)?.[0].length ?? 0)) : line,
    )
    .join("\n");
}

/** The rest of a text after a cut outside of any block: without leading blanks, a code block's own indent included. */
export function startOutside(rest: string): string {
  const text = rest.replace(/^(?:[ \t]*\r?\n)+/, "");
  const line = /^[^\n]*/.exec(text)?.[0] ?? "";
  const fence = /^[ \t]/.test(line) ? opens(line, 0, line.length) : undefined;
  if (fence === undefined || fence.lead.trim() !== "") return text.trimStart();
  const below = text.slice(line.length + 1);
  return text.length === line.length ? line.trimStart() : `${line.trimStart()}\n${undent(below, fence)}`;
}
