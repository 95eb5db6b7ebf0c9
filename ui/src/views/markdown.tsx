import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { markdownBlocks, type Block } from "../logic/markdown.ts";
import { CodeBlock } from "./code-block.tsx";

/** A text in Markdown. While it grows, only its last blocks are rendered anew. */
export function Markdown({ text }: { readonly text: string }): VNode {
  const last = useRef<{ readonly text: string; readonly blocks: readonly Block[] }>({ text: "", blocks: [] });
  if (last.current.text !== text) {
    last.current = { text, blocks: markdownBlocks(text, CodeBlock, last.current.blocks) };
  }
  return <div class="markdown">{last.current.blocks.map(({ view }) => view)}</div>;
}
