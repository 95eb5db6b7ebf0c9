import type { DeliveryBody } from "../../core/delivery.ts";
import type { Reply } from "../../core/turn.ts";

/**
 * A reply for the page and the API: one part, whole, as the agent wrote it, its files named below it; none when it says
 * nothing. Pure.
 */
export function renderReply(reply: Reply): readonly DeliveryBody[] {
  const names = reply.files.map((path) => path.split(/[/\\]/).at(-1) ?? "");
  if (names.length === 0) return reply.text === "" ? [] : [{ text: reply.text, format: "markdown" }];
  const list = names.map((name) => `- ${code(name)}`).join("\n");
  const heading = names.length === 1 ? "A file was made:" : "Files were made:";
  const text = [reply.text, `${heading}\n\n${list}`].filter((part) => part !== "").join("\n\n");
  return [{ text, format: "markdown" }];
}

/** A name in Markdown, with nothing in it taken for markup. */
function code(name: string): string {
  return `\`${name.replace(/[`\p{Cc}\p{Cf}]/gu, "")}\``;
}
