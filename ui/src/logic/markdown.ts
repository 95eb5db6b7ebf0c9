import { Lexer, type MarkedToken, type Token, type Tokens } from "marked";
import { Fragment, h, type ComponentChild, type ComponentType } from "preact";
import { decodeEntities } from "./entities.ts";
import { isInlineImage, safeLink } from "./safe-link.ts";

/** What a block of code is shown by. */
export type CodeView = ComponentType<{ readonly text: string; readonly lang: string }>;

/** Beyond this many UTF-16 units a text is shown as it is: nobody reads it, and every change would parse it anew. */
const LONGEST = 200_000;

/** Nesting beyond which markup is shown as it was written. */
const DEEPEST = 24;

/** One block of a text, kept so that a growing answer renders only what changed. */
export interface Block {
  readonly raw: string;
  readonly view: ComponentChild;
}

/**
 * Turns Markdown into nodes of the page, block by block; HTML in it is shown, never run. Blocks that are the same as
 * in `before` are reused. Never throws for any text. Pure.
 */
export function markdownBlocks(
  text: string,
  code: CodeView,
  before: readonly Block[] = [],
): readonly Block[] {
  const tokens = lex(text);
  if (tokens === undefined) return [{ raw: text, view: h("p", { class: "plain" }, text) }];
  return tokens
    .filter((token) => token.type !== "space" && token.type !== "def")
    .map((token, i) => {
      const old = before[i];
      // Links may be defined anywhere in the text, so a block that refers to one is never reused.
      if (old?.raw === token.raw && !/\[[^\]]*\]/.test(token.raw)) return old;
      return { raw: token.raw, view: h(Fragment, { key: i }, block(token, { code, depth: 0 })) };
    });
}

function lex(text: string): readonly Token[] | undefined {
  if (text.length > LONGEST) return undefined;
  try {
    return new Lexer({ gfm: true, breaks: true }).lex(text);
  } catch (error) {
    // Nesting without end: the parser calls itself for each level.
    if (error instanceof RangeError || error instanceof Error) return undefined;
    throw error;
  }
}

interface Place {
  readonly code: CodeView;
  readonly depth: number;
}

function blocks(tokens: readonly Token[], place: Place): ComponentChild[] {
  return tokens.map((token) => block(token, place));
}

function block(given: Token, outer: Place): ComponentChild {
  const token = given as MarkedToken;
  const place = { ...outer, depth: outer.depth + 1 };
  if (place.depth > DEEPEST) return token.raw;
  switch (token.type) {
    case "paragraph":
      return h("p", null, inline(token.tokens, place));
    case "heading":
      // The page's own headings stand above those of an answer.
      return h(`h${Math.min(6, token.depth + 2)}`, null, inline(token.tokens, place));
    case "code":
      return h(place.code, { text: token.text, lang: language(token.lang) });
    case "blockquote":
      return h("blockquote", null, blocks(token.tokens, place));
    case "list":
      return list(token, place);
    case "table":
      return table(token, place);
    case "hr":
      return h("hr", null);
    case "html":
      return h("p", { class: "plain" }, token.text.trimEnd());
    case "space":
    case "def":
      return null;
    default:
      return span(token, place);
  }
}

function language(lang: string | undefined): string {
  return /^[\w+#.-]{1,30}/.exec(lang ?? "")?.[0] ?? "";
}

function list(token: Tokens.List, place: Place): ComponentChild {
  const items = token.items.map((item) =>
    h("li", item.task ? { class: "task" } : null, blocks(item.tokens, place)),
  );
  const start = typeof token.start === "number" && token.start !== 1 ? { start: token.start } : null;
  return token.ordered ? h("ol", start, items) : h("ul", null, items);
}

function table(token: Tokens.Table, place: Place): ComponentChild {
  const cell = (one: Tokens.TableCell): ComponentChild =>
    h(
      one.header ? "th" : "td",
      one.align === null ? null : { class: `to-${one.align}` },
      inline(one.tokens, place),
    );
  const head = h("thead", null, h("tr", null, token.header.map(cell)));
  const rows = token.rows.map((row) => h("tr", null, row.map(cell)));
  // A wide table scrolls by itself, also by keyboard.
  const props = { class: "table", tabIndex: 0, role: "region", "aria-label": "Table" } as const;
  return h("div", props, h("table", null, head, h("tbody", null, rows)));
}

function inline(tokens: readonly Token[], place: Place): ComponentChild[] {
  return tokens.map((token) => span(token, place));
}

function span(given: Token, outer: Place): ComponentChild {
  const token = given as MarkedToken;
  const place = { ...outer, depth: outer.depth + 1 };
  if (place.depth > DEEPEST) return token.raw;
  switch (token.type) {
    case "text":
      return token.tokens === undefined ? decodeEntities(token.text) : inline(token.tokens, place);
    case "escape":
      return token.text;
    case "strong":
      return h("strong", null, inline(token.tokens, place));
    case "em":
      return h("em", null, inline(token.tokens, place));
    case "del":
      return h("del", null, inline(token.tokens, place));
    case "codespan":
      return h("code", null, token.text);
    case "br":
      return h("br", null);
    case "checkbox":
      return h("input", {
        type: "checkbox",
        checked: token.checked,
        disabled: true,
        "aria-label": token.checked ? "done" : "to do",
      });
    case "link":
      return link(token, place);
    case "image":
      return image(token);
    case "html":
      return token.text;
    default:
      return "tokens" in token && Array.isArray(token.tokens) ? blocks(token.tokens, place) : token.raw;
  }
}

function link(token: Tokens.Link, place: Place): ComponentChild {
  const text = inline(token.tokens, place);
  const href = safeLink(token.autolink === true ? token.href : decodeEntities(token.href));
  // What can't be followed is shown as it was written, so that nothing is hidden behind its text.
  if (href === undefined) return token.raw;
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);
}

function image(token: Tokens.Image): ComponentChild {
  const href = decodeEntities(token.href);
  if (isInlineImage(href)) return h("img", { src: href, alt: token.text });
  const safe = safeLink(href);
  const text = token.text === "" ? "image" : token.text;
  return safe === undefined
    ? token.raw
    : h("a", { href: safe, target: "_blank", rel: "noopener noreferrer" }, text);
}
