import { badRequest } from "./fault.ts";

const SIMPLE = new Set([
  "b",
  "strong",
  "i",
  "em",
  "u",
  "ins",
  "s",
  "strike",
  "del",
  "tg-spoiler",
  "code",
  "pre",
  "blockquote",
]);
/** What may hold nothing, or not itself. */
const LEAVES = new Set(["code", "pre"]);
const NOT_IN_ITSELF = new Set(["a", "blockquote"]);

interface Open {
  readonly name: string;
  readonly attributes: string;
}

/**
 * Reads Telegram's HTML as strictly as the platform at its strictest: unknown tags, wrong nesting, what isn't closed
 * and what isn't opened are errors. Returns the text that is shown.
 */
export function readTelegramHtml(html: string): string {
  let text = "";
  const open: Open[] = [];
  for (let at = 0; at < html.length;) {
    const next = html.indexOf("<", at);
    if (next === -1 || next > at) {
      const end = next === -1 ? html.length : next;
      text += decode(html.slice(at, end));
      at = end;
      continue;
    }
    const tag = /^<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w-]+(?:="[^"<>]*")?)*)\s*>/.exec(html.slice(at));
    if (tag === null) throw parseError(`Unexpected character after "<" at byte offset ${bytes(html, at)}`);
    const [whole, slash = "", name = "", attributes = ""] = tag;
    if (slash === "/") shut(open, name, bytes(html, at));
    else enter(open, { name: name.toLowerCase(), attributes: attributes.trim() }, bytes(html, at));
    at += whole.length;
  }
  const left = open.at(-1);
  if (left !== undefined) throw parseError(`Can't find end tag corresponding to start tag "${left.name}"`);
  return text;
}

function parseError(what: string) {
  return badRequest(`can't parse entities: ${what}`);
}

function bytes(html: string, at: number): number {
  return Buffer.byteLength(html.slice(0, at));
}

function enter(open: Open[], tag: Open, at: number): void {
  const { name, attributes } = tag;
  if (!allowed(tag, open.at(-1))) throw parseError(`Unsupported start tag "${name}" at byte offset ${at}`);
  const leaf = open.find((outer) => LEAVES.has(outer.name));
  const language =
    name === "code" && leaf?.name === "pre" && leaf === open.at(-1) && attributes.startsWith("class=");
  if (leaf !== undefined && !language)
    throw parseError(`Tag "${name}" within "${leaf.name}" at byte offset ${at}`);
  if (NOT_IN_ITSELF.has(name) && open.some((outer) => outer.name === name)) {
    throw parseError(`Tag "${name}" within itself at byte offset ${at}`);
  }
  open.push(tag);
}

function allowed({ name, attributes }: Open, outer: Open | undefined): boolean {
  if (name === "a") return /^href="[^"]+"$/.test(attributes);
  if (name === "span") return attributes === 'class="tg-spoiler"';
  if (name === "tg-emoji") return /^emoji-id="\d+"$/.test(attributes);
  if (name === "blockquote") return attributes === "" || attributes === "expandable";
  if (name === "code")
    return attributes === "" || (outer?.name === "pre" && /^class="language-[^"\s]+"$/.test(attributes));
  return SIMPLE.has(name) && attributes === "";
}

function shut(open: Open[], name: string, at: number): void {
  const last = open.pop();
  if (last === undefined) throw parseError(`Unexpected end tag at byte offset ${at}`);
  if (last.name !== name.toLowerCase()) {
    throw parseError(
      `Unmatched end tag at byte offset ${at}, expected "</${last.name}>", found "</${name}>"`,
    );
  }
}

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (typeof name === "string") return NAMED[name] ?? whole;
    const point = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
    return String.fromCodePoint(point);
  });
}
