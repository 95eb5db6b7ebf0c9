import { closeFence, fenceEnd, openFence, reopenFence, startOutside, undent } from "./code-fence.ts";

/** How a text is cut into parts. */
export interface SplitRule {
  /** Most that one part may measure. */
  readonly limit: number;
  /** What a part measures once it is rendered, in the same unit as `limit`. */
  readonly measure: (part: string) => number;
  /** Most parts; what is left over then is returned as `rest`. */
  readonly most: number;
}

export interface SplitText {
  readonly parts: readonly string[];
  /** What didn't go into the parts; empty when everything did. */
  readonly rest: string;
}

/** A source up to this many times the limit is rendered when a part is measured: markup takes room, but not more. */
const REACH = 2;

/**
 * Cuts Markdown into parts that fit, at the best border there is: before a code block, between paragraphs, lines,
 * words, and only then between characters (never within one). A code block that has to be cut is closed, and opened
 * again with its language. But for those fences and the blanks at the borders, the parts are the text. Pure.
 */
export function splitMarkdown(text: string, rule: SplitRule): SplitText {
  const parts: string[] = [];
  let lead = "";
  let rest = text.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
  while (rest !== "" && parts.length < rule.most) {
    const cut = findCut(lead, rest, rule);
    const head = rest.slice(0, cut);
    const fence = openFence(lead + head);
    parts.push(closeFence(lead + head, fence));
    rest = rest.slice(cut);
    const inside = rest.replace(/^\r?\n/, "");
    // A fence that closes right after the cut has nothing left to open for.
    const ended = fence === undefined ? undefined : fenceEnd(inside, fence);
    if (fence === undefined) rest = startOutside(rest);
    else rest = ended === undefined ? undent(inside, fence) : startOutside(inside.slice(ended));
    lead = fence === undefined || ended !== undefined ? "" : reopenFence(fence);
  }
  return { parts, rest: rest === "" ? "" : lead + rest };
}

function findCut(lead: string, rest: string, rule: SplitRule): number {
  const fits = (length: number): boolean => {
    const head = lead + rest.slice(0, length);
    return rule.measure(closeFence(head, openFence(head))) <= rule.limit;
  };
  const most = Math.min(rest.length, Math.max(2, Math.floor(rule.limit * REACH)));
  if (most === rest.length && fits(most)) return most;
  let reach = longest(most, fits);
  // Cutting earlier can make a part measure more (half a table is no table), so each border is measured again.
  for (; reach > 1; reach = Math.floor(reach / 2)) {
    const found = borders(lead, rest, reach).find(fits);
    if (found !== undefined) return found;
  }
  return characterBorder(rest, 1);
}

/** The largest length that fits, taking it that what fits is below what doesn't. */
function longest(most: number, fits: (length: number) => boolean): number {
  let [low, high] = [1, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Places to cut at, at most `reach`, the best first. A border far from the end is no better than the next kind. */
function borders(lead: string, rest: string, reach: number): number[] {
  const found: number[] = [];
  const fence = openFence(lead + rest.slice(0, reach));
  const opened = fence === undefined ? -1 : fence.from - lead.length;
  if (opened > reach * 0.4) found.push(opened);
  const bare = fence === undefined ? 0 : fence.to - lead.length;
  for (const [border, share] of [
    ["\n\n", 0.5],
    ["\n", 0.3],
  ] as const) {
    const at = rest.lastIndexOf(border, reach);
    // Right below its first line, a block would be shown empty.
    if (at > reach * share && at > bare) found.push(at);
  }
  const word = wordBorder(rest, reach);
  if (word > reach * 0.1 && word > bare) found.push(word);
  found.push(characterBorder(rest, reach));
  if (opened > 0) found.push(opened);
  return found;
}

function wordBorder(rest: string, reach: number): number {
  for (let at = reach; at > 0; at--) if (/\s/.test(rest[at] ?? "")) return at;
  return 0;
}

/** The nearest place at or before `at` that isn't within a character, and at least one character on. */
function characterBorder(text: string, at: number): number {
  const joined = (i: number): boolean =>
    /^(?:\p{M}|\u{200D}|\u{FE0E}|\u{FE0F})/u.test(text.slice(i, i + 2)) ||
    text[i - 1] === "\u200D" ||
    (isLow(text, i) && isHigh(text, i - 1));
  for (let i = at; i > Math.max(0, at - 32); i--) if (!joined(i)) return i;
  return isLow(text, at) && isHigh(text, at - 1) ? (at > 1 ? at - 1 : at + 1) : at;
}

const isHigh = (text: string, i: number): boolean => /[\uD800-\uDBFF]/.test(text[i] ?? "");
const isLow = (text: string, i: number): boolean => /[\uDC00-\uDFFF]/.test(text[i] ?? "");
