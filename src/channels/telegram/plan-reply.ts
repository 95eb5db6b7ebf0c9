import type { DeliveryBody } from "../../core/delivery.ts";
import { cleanFileName } from "../../core/file-name.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Reply } from "../../core/turn.ts";
import type { ReplyContext } from "../../ports/channel.ts";
import { splitMarkdown } from "../split-text.ts";
import { mimeOf } from "./mime.ts";
import { renderedUnits } from "./render.ts";

/** Longest text of one message, in UTF-16 units after its markup was read (Bot API, sendMessage). */
export const MESSAGE_UNITS = 4096;
/** Room that is left for the mark of a repeat. */
const RESERVE = 32;
/** What is shown of an answer that goes as a file. */
const OPENING_UNITS = 1200;
const OPENING_NOTE = "_… The whole answer is in the file below._";

/**
 * The parts of a reply: texts that fit; beyond a few, its opening and the whole as a file; then the agent's files. All
 * but the last are silent, so that the asker is notified once, when everything is there. Pure.
 */
export function planReply(reply: Reply, context: ReplyContext): readonly DeliveryBody[] {
  const bodies = [...textBodies(reply.text), ...reply.files.map(fileBody)];
  return bodies.map((body, i) => ({
    ...body,
    ...(i < bodies.length - 1 && { silent: true }),
    // In a group the answer stands below others' words: it shows whose it is.
    ...(i === 0 && context.chat === "group" && context.quote !== null && { quote: context.quote }),
  }));
}

function textBodies(text: string): readonly DeliveryBody[] {
  const limit = MESSAGE_UNITS - RESERVE;
  const { parts, rest } = splitMarkdown(text, { limit, measure: renderedUnits, most: LIMITS.replyParts });
  if (rest === "") return parts.map((part) => ({ text: part, format: "markdown" }));
  const opening =
    splitMarkdown(text, { limit: OPENING_UNITS, measure: renderedUnits, most: 1 }).parts[0] ?? "";
  return [
    { text: `${opening}\n\n${OPENING_NOTE}`, format: "markdown" },
    {
      text: "",
      format: "plain",
      file: { path: "", name: "answer.md", mime: "text/markdown", content: text.toWellFormed() },
    },
  ];
}

function fileBody(path: string): DeliveryBody {
  const name = cleanFileName(path);
  return { text: "", format: "plain", file: { path, name, mime: mimeOf(name) } };
}
