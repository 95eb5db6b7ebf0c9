import { open } from "node:fs/promises";
import { messageOf } from "../../core/errors.ts";
import type { Prompt } from "../../ports/harness.ts";
import type { Log } from "../../ports/log.ts";
import { CLAUDE_LIMITS } from "./limits.ts";

/** What the Messages API takes as an image. */
const MIMES = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

/** One block of a user message. */
export type ContentBlock =
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "image";
      readonly source: { readonly type: "base64"; readonly media_type: string; readonly data: string };
    };

/**
 * A prompt as content blocks: the images that the model can be shown, then the text. An image that is too large, of
 * another kind or unreadable is left out, since the text names every file by its path anyway.
 */
export async function contentOf(prompt: Prompt, log: Log): Promise<readonly ContentBlock[]> {
  const blocks: ContentBlock[] = [];
  let room: number = CLAUDE_LIMITS.imagesBytes;
  for (const image of prompt.images) {
    if (!MIMES.has(image.mime)) continue;
    const bytes = await readBounded(image.path, Math.min(room, CLAUDE_LIMITS.imageBytes)).catch(
      (error: unknown) => {
        log.warn("harness.image_unreadable", { path: image.path, error: messageOf(error) });
        return undefined;
      },
    );
    if (bytes === undefined) continue;
    room -= bytes.length;
    const source = { type: "base64", media_type: image.mime, data: bytes.toString("base64") } as const;
    blocks.push({ type: "image", source });
  }
  return [...blocks, { type: "text", text: prompt.text }];
}

async function readBounded(path: string, most: number): Promise<Buffer | undefined> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  if (size === 0 || size > most) return undefined;
  return file.readFile();
}
