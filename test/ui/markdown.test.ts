import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { ComponentChild } from "preact";
import { markdownBlocks, type CodeView } from "../../ui/src/logic/markdown.ts";

const Code: CodeView = () => null;

interface Node {
  readonly type: unknown;
  readonly props: Readonly<Record<string, unknown>>;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "props" in value;
}

/** Every node of a tree, outermost first. */
function nodesOf(child: unknown): readonly Node[] {
  if (Array.isArray(child)) return child.flatMap(nodesOf);
  return isNode(child) ? [child, ...nodesOf(child.props["children"])] : [];
}

function textOf(child: unknown): string {
  if (Array.isArray(child)) return child.map(textOf).join("");
  if (isNode(child))
    return child.type === Code ? String(child.props["text"]) : textOf(child.props["children"]);
  return typeof child === "string" || typeof child === "number" ? String(child) : "";
}

function render(text: string): readonly ComponentChild[] {
  return markdownBlocks(text, Code).map(({ view }) => view);
}

/** The first node of a kind. */
function first(text: string, type: unknown): Node {
  const found = nodesOf(render(text)).find((node) => node.type === type);
  assert.ok(found, `no ${String(type)} in ${text}`);
  return found;
}

void describe("Markdown as nodes", () => {
  void it("knows what agents write", () => {
    assert.equal(textOf(first("a **bold** word", "strong")), "bold");
    assert.equal(textOf(first("## Title", "h4")), "Title");
    assert.deepEqual(first("```ts\nlet a;\n```", Code).props, { text: "let a;", lang: "ts" });
    assert.equal(first("3. c\n4. d", "ol").props["start"], 3);
    assert.equal(first("| a | b |\n|---|--:|\n| 1 | 2 |", "td").props["class"], undefined);
    assert.equal(first("| b |\n|--:|\n| 2 |", "td").props["class"], "to-right");
    assert.equal(first("- [x] done", "input").props["checked"], true);
    assert.equal(textOf(render("line one\nline two")), "line oneline two");
    assert.equal(nodesOf(render("line one\nline two")).filter(({ type }) => type === "br").length, 1);
  });

  void it("shows entities as their characters, but not in code", () => {
    assert.equal(textOf(render("a &lt; b &amp;&#8594; c &nope; &#xD800;")), "a < b &→ c &nope; \ufffd");
    assert.equal(textOf(render("`&lt;`")), "&lt;");
  });

  void it("shows HTML as it was written", () => {
    assert.equal(textOf(render("<script>alert(1)</script>")), "<script>alert(1)</script>");
    assert.equal(textOf(render("a <b>c</b>")), "a <b>c</b>");
  });

  void it("links only to http, https and mail, and shows the rest as it was written", () => {
    assert.equal(first("[a](https://example.com/x?y=1)", "a").props["href"], "https://example.com/x?y=1");
    assert.equal(first("<mailto:a@example.com>", "a").props["href"], "mailto:a@example.com");
    for (const href of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "data:text/html,x",
      "//example.com",
      "/etc",
      "file:///etc",
    ]) {
      const text = `[a](${href})`;
      assert.equal(
        nodesOf(render(text)).some(({ type }) => type === "a"),
        false,
        text,
      );
      assert.equal(textOf(render(text)), text);
    }
  });

  void it("loads no picture from elsewhere", () => {
    assert.equal(
      first("![pixel](https://example.com/p.png)", "a").props["href"],
      "https://example.com/p.png",
    );
    assert.equal(
      first("![dot](data:image/png;base64,AAAA)", "img").props["src"],
      "data:image/png;base64,AAAA",
    );
    assert.equal(
      nodesOf(render("![x](data:image/svg+xml;base64,AAAA)")).some(({ type }) => type === "img"),
      false,
    );
  });

  void it("keeps every word of a text that it can't take apart", () => {
    const deep = "> ".repeat(5000) + "deep";
    assert.ok(textOf(render(deep)).includes("deep"));
    const long = "*".repeat(200_001);
    assert.equal(textOf(render(long)), long);
  });

  void it("never throws, and never makes a link or picture that is not allowed", () => {
    const piece = fc.constantFrom(
      "[",
      "]",
      "(",
      ")",
      "<",
      ">",
      "!",
      "`",
      "*",
      "_",
      "|",
      "-",
      "\n",
      "    ",
      "# ",
      "1. ",
      "&#",
      ";",
      "javascript:",
      "https://a.b",
      "data:",
      "x",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (given) => {
        for (const { type, props } of nodesOf(render(given))) {
          assert.ok(type !== "a" || /^(?:https?|mailto):/.test(String(props["href"])));
          assert.ok(type !== "img" || /^data:image\/(?:png|jpeg|gif|webp);/.test(String(props["src"])));
          assert.ok(!("dangerouslySetInnerHTML" in props));
        }
      }),
      { numRuns: 500 },
    );
  });

  void it("renders only the blocks that changed while a text grows", () => {
    const before = markdownBlocks("first\n\nsecond", Code);
    const after = markdownBlocks("first\n\nsecond and more", Code, before);
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    const linked = markdownBlocks("see [a]\n\nx", Code);
    const resolved = markdownBlocks("see [a]\n\nx\n\n[a]: https://example.com", Code, linked);
    assert.ok(nodesOf(resolved[0]?.view).some(({ type }) => type === "a"));
  });
});
