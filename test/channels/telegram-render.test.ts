import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LIMITS } from "../../src/core/limits.ts";
import { outgoing, tailOf } from "../../src/channels/telegram/outgoing.ts";
import { planReply } from "../../src/channels/telegram/plan-reply.ts";
import { renderedUnits, renderMarkdown } from "../../src/channels/telegram/render.ts";
import { readTelegramHtml } from "../fakes/telegram/html.ts";

const CASES: readonly (readonly [string, string, string])[] = [
  ["headings", "# One *two* **three**", "<b>One <i>two</i> three</b>"],
  ["bold, italic, strike", "**a** _b_ ~~c~~", "<b>a</b> <i>b</i> <s>c</s>"],
  ["code", "`a<b`", "<code>a&lt;b</code>"],
  ["fences with a language", "```ts\nx<1\n```", '<pre><code class="language-ts">x&lt;1</code></pre>'],
  ["fences without", "```\nx\n```", "<pre>x</pre>"],
  ["links", "[a](https://x.org/?b=1&c=2)", '<a href="https://x.org/?b=1&amp;c=2">a</a>'],
  ["links that a chat can't open", "[a](src/a.ts:1)", "a (src/a.ts:1)"],
  ["links that do harm", "[a](javascript:alert(1))", "a (javascript:alert(1))"],
  ["bare links", "https://x.org", "https://x.org"],
  ["images", "![plot](https://x.org/p.png)", '<a href="https://x.org/p.png">plot</a>'],
  ["images in links", "[![i](https://x.org/i.png)](https://x.org)", '<a href="https://x.org">i</a>'],
  ["lists", "- a\n  - b\n    1. c\n- d", "• a\n  • b\n    1. c\n• d"],
  ["numbers that begin later", "3. a\n4. b", "3. a\n4. b"],
  ["tasks", "- [x] a\n- [ ] b", "☑ a\n☐ b"],
  ["quotes within quotes", "> a\n>\n> > b", "<blockquote>a\n\n&gt; b</blockquote>"],
  ["rules", "a\n\n---\n\nb", "a\n\n———\n\nb"],
  ["raw HTML", "<b>x</b> & <script>", "&lt;b&gt;x&lt;/b&gt; &amp; &lt;script&gt;"],
  ["entities", "&amp; &lt; &#64;", "&amp; &lt; @"],
  ["escapes", "\\*a\\*", "*a*"],
  ["lines", "a\nb  \nc", "a\nb\nc"],
  [
    "tables",
    "| a | bb |\n|--:|----|\n| 1 | **2** |\n| 漢 | x |",
    "<pre> a | bb\n---+---\n 1 | 2\n漢 | x</pre>",
  ],
];

const markdown = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "**",
        "*",
        "_",
        "`",
        "```",
        "\n",
        "\n\n",
        "# ",
        "- ",
        "1. ",
        "> ",
        "> > ",
        "| a | b |\n|---|---|\n| ",
        " | ",
        "~~",
        "[",
        "](",
        ")",
        "![",
        "<b>",
        "</b>",
        "<",
        ">",
        "&",
        "&lt;",
        "https://x.org ",
        "    ",
        "- [ ] ",
        "---\n",
        '"',
        "😀",
        "\uD83D",
      ),
      fc.lorem({ maxCount: 4 }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(""));

describe("renderMarkdown", () => {
  for (const [name, from, to] of CASES) it(`renders ${name}`, () => assert.equal(renderMarkdown(from), to));

  it("writes only what Telegram reads, and measures what it shows", () => {
    fc.assert(
      fc.property(markdown, (text) => {
        const message = outgoing(text, "markdown");
        if (message.html === null) return;
        const shown = readTelegramHtml(message.html);
        assert.equal(shown, message.plain);
        assert.equal(shown.length, renderedUnits(text));
        assert.ok(shown.isWellFormed());
      }),
      { numRuns: 3000 },
    );
  });

  it("survives nesting beyond reason", () => {
    for (const text of [">".repeat(20_000), "- ".repeat(5000), "[".repeat(20_000), "**".repeat(10_000)]) {
      readTelegramHtml(renderMarkdown(text));
    }
  });
});

describe("planReply", () => {
  const context = {
    address: { channel: "telegram", account: "a", conversation: "1" },
    quote: "9",
    chat: "group",
  } as const;
  const plan = (text: string, files: readonly string[] = []) => planReply({ text, files }, context);

  it("quotes the asker in a group, and only with the first part", () => {
    const bodies = plan("word ".repeat(1500));
    assert.equal(bodies.length, 2);
    assert.deepEqual(
      bodies.map((body) => body.quote),
      ["9", undefined],
    );
    assert.equal(planReply({ text: "a", files: [] }, { ...context, chat: "direct" })[0]?.quote, undefined);
  });

  it("makes a sound only with the last part", () => {
    const silent = plan("word ".repeat(1500), ["/x/plot.png"]).map((body) => body.silent);
    assert.deepEqual(silent, [true, true, undefined]);
  });

  it("sends a very long answer as its opening and a file with all of it", () => {
    const text = `# Title\n\n${"A sentence of some words. ".repeat(2000)}\nend`;
    const bodies = plan(text);
    assert.equal(bodies.length, 2);
    assert.equal(bodies[1]?.file?.content, text);
    assert.match(bodies[0]?.text ?? "", /^# Title[\s\S]*whole answer is in the file/);
    assert.ok(renderedUnits(bodies[0]?.text ?? "") <= 1300);
  });

  it("names files by their last part, and finds their type", () => {
    assert.deepEqual(
      plan("", ["/a/b/plot.PNG", "/a/.hidden"]).map((body) => body.file),
      [
        { path: "/a/b/plot.PNG", name: "plot.PNG", mime: "image/png" },
        { path: "/a/.hidden", name: "hidden", mime: "application/octet-stream" },
      ],
    );
  });

  it("leaves room for the mark of a repeat", () => {
    const [first] = plan("a".repeat(8000));
    assert.equal(first?.text.length, 4096 - 32);
  });

  it("keeps every part within a message, with room for the mark of a repeat", () => {
    fc.assert(
      fc.property(fc.array(markdown, { minLength: 1, maxLength: 120 }), (pieces) => {
        const bodies = plan(pieces.join("\n\n"));
        assert.ok(bodies.length <= LIMITS.replyParts);
        for (const body of bodies) {
          assert.ok(outgoing(body.text, body.format, "↻ sent again:").plain.length <= 4096);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("tailOf", () => {
  it("shows the end of what is too long, in one message, code blocks open again", () => {
    assert.equal(tailOf("short"), "short");
    const tail = tailOf(`intro\n\`\`\`py\n${"print(1)\n".repeat(1000)}`);
    assert.ok(tail.startsWith("…\n```py\nprint"));
    fc.assert(
      fc.property(fc.array(markdown, { maxLength: 200 }), (pieces) => {
        assert.ok(renderedUnits(tailOf(pieces.join("\n"))) <= 4096);
      }),
      { numRuns: 60 },
    );
  });
});
