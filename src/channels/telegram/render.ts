import { lexer, type MarkedToken, type Token, type Tokens } from "marked";
import { renderTable } from "./render-table.ts";
import { decodeEntities, escapeHtml, visibleText } from "./html-text.ts";

/** What is open around a piece of text: Telegram wants no element within itself. */
interface Around {
  readonly open: ReadonlySet<string>;
  /** Columns that the lines of a list item are moved to the right. */
  readonly indent: number;
}

const TOP: Around = { open: new Set(), indent: 0 };
const INDENT_PER_LEVEL = 2;

/**
 * Renders Markdown as agents write it to Telegram's HTML. Whatever has no counterpart there is shown as text: headings
 * in bold, tables as monospace, images as links, raw HTML as it is written. Never throws.
 */
export function renderMarkdown(markdown: string): string {
  try {
    return renderBlocks(lexer(markdown, { gfm: true }), TOP).trim();
  } catch (error) {
    // Nesting beyond the stack: no person wrote that, and as plain text it can still be read.
    if (error instanceof RangeError) return escapeHtml(markdown.trim());
    throw error;
  }
}

/** Length of Markdown as Telegram counts it: UTF-16 units of the text that is shown. */
export function renderedUnits(markdown: string): number {
  return visibleText(renderMarkdown(markdown)).length;
}

function renderBlocks(tokens: readonly Token[], around: Around): string {
  let text = "";
  let gap = "";
  for (const token of tokens) {
    if (token.type === "space") {
      gap = "\n\n";
      continue;
    }
    const block = renderBlock(token as MarkedToken, around);
    if (block === "") continue;
    // Further paragraphs of a list item stand below its first one; lists and code bring their own indent.
    const indented = text !== "" && (token.type === "paragraph" || token.type === "text");
    text += text === "" ? block : gap + (indented ? " ".repeat(around.indent) : "") + block;
    gap = token.raw.endsWith("\n\n") ? "\n\n" : "\n";
  }
  return text;
}

function renderBlock(token: MarkedToken, around: Around): string {
  switch (token.type) {
    case "heading":
      return wrap("b", token.tokens, around);
    case "paragraph":
      return inline(token.tokens, around);
    case "text":
      return token.tokens === undefined ? renderInline(token, around) : inline(token.tokens, around);
    case "code":
      return renderCode(token);
    case "blockquote":
      return renderQuote(token, around);
    case "list":
      return renderList(token, around);
    case "table":
      return `<pre>${escapeHtml(renderTable(token, (cell) => visibleText(inline(cell.tokens, TOP))))}</pre>`;
    case "hr":
      return "———";
    case "html":
      return escapeHtml(token.raw.trim());
    case "def":
      return "";
    default:
      return renderInline(token, around);
  }
}

function renderCode(token: Tokens.Code): string {
  const language = /^[\w+#.-]+/.exec(token.lang ?? "")?.[0];
  // Telegram drops an empty element, and refuses a message that has nothing else.
  const code = escapeHtml(token.text === "" ? " " : token.text);
  return language === undefined
    ? `<pre>${code}</pre>`
    : `<pre><code class="language-${language}">${code}</code></pre>`;
}

function renderQuote(token: Tokens.Blockquote, around: Around): string {
  if (!around.open.has("blockquote")) {
    const text = renderBlocks(token.tokens, { ...around, open: new Set([...around.open, "blockquote"]) });
    return `<blockquote>${text}</blockquote>`;
  }
  const text = renderBlocks(token.tokens, around);
  return text.includes("<pre>") ? text : text.replace(/^/gm, "&gt; ");
}

function renderList(token: Tokens.List, around: Around): string {
  const start = typeof token.start === "number" ? token.start : 1;
  const items = token.items.map((item, i) => {
    const mark = item.task ? (item.checked === true ? "☑" : "☐") : token.ordered ? `${start + i}.` : "•";
    const text = renderBlocks(
      item.tokens.filter((part) => part.type !== "checkbox"),
      {
        ...around,
        indent: around.indent + INDENT_PER_LEVEL,
      },
    );
    return `${" ".repeat(around.indent)}${mark} ${text}`;
  });
  return items.join("\n");
}

function inline(tokens: readonly Token[], around: Around): string {
  const text = tokens.map((token) => renderInline(token as MarkedToken, around)).join("");
  return around.indent === 0 ? text : text.replace(/\n/g, `\n${" ".repeat(around.indent)}`);
}

function renderInline(token: MarkedToken, around: Around): string {
  switch (token.type) {
    case "strong":
      return wrap("b", token.tokens, around);
    case "em":
      return wrap("i", token.tokens, around);
    case "del":
      return wrap("s", token.tokens, around);
    case "codespan":
      return `<code>${escapeHtml(token.text)}</code>`;
    case "link":
      return renderLink(token.href, token.text, token.tokens, around);
    case "image":
      return renderLink(token.href, token.text === "" ? "image" : token.text, undefined, around);
    case "br":
      return "\n";
    case "escape":
      return escapeHtml(token.text);
    case "html":
      return /^<br\s*\/?>$/i.test(token.raw) ? "\n" : escapeHtml(token.raw);
    case "text":
      return token.tokens === undefined
        ? escapeHtml(decodeEntities(token.text))
        : inline(token.tokens, around);
    default:
      return escapeHtml(token.raw);
  }
}

function wrap(tag: string, tokens: readonly Token[], around: Around): string {
  const open = around.open.has(tag);
  const text = inline(tokens, open ? around : { ...around, open: new Set([...around.open, tag]) });
  return open || text.trim() === "" ? text : `<${tag}>${text}</${tag}>`;
}

/** Only addresses that a chat can open become links; of others, such as paths, the address is shown. */
function renderLink(
  href: string,
  text: string,
  tokens: readonly Token[] | undefined,
  around: Around,
): string {
  const shown = tokens === undefined ? escapeHtml(decodeEntities(text)) : inline(tokens, inLink(around));
  const plain = visibleText(shown);
  if (around.open.has("a") || plain === href || `mailto:${plain}` === href) return shown;
  if (plain.trim() === "") return escapeHtml(href);
  if (!/^(https?:\/\/|mailto:|tg:\/\/)[^\s]+$/i.test(href)) return `${shown} (${escapeHtml(href)})`;
  return `<a href="${escapeHtml(href)}">${shown}</a>`;
}

function inLink(around: Around): Around {
  return { ...around, open: new Set([...around.open, "a"]) };
}
