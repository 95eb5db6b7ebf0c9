import type { VNode } from "preact";

/** A sentence of the gateway's, in which commands and keys stand between backticks. */
export function Words({ text }: { readonly text: string }): VNode {
  return <>{text.split("`").map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}
