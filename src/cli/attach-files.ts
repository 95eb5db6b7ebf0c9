import { open } from "node:fs/promises";
import { basename, extname } from "node:path";
import { codeOf, messageOf, RollcallError } from "../core/errors.ts";
import { cleanFileName } from "../core/file-name.ts";
import { LIMITS } from "../core/limits.ts";
import type { Json } from "./client.ts";

/** Media types by ending; everything else is a file of no known type. */
const TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".svg": "image/svg+xml",
  ".pdf": "application/pdf",
  ".txt": "text/plain",
  ".md": "text/markdown",
  ".csv": "text/csv",
  ".json": "application/json",
  ".html": "text/html",
  ".zip": "application/zip",
  ".mp3": "audio/mpeg",
  ".ogg": "audio/ogg",
  ".wav": "audio/wav",
  ".m4a": "audio/mp4",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
};

/**
 * Reads files for a message, as the API takes them.
 *
 * @throws RollcallError `attachment-refused` for too many, too large, or what can't be read
 */
export async function attachFiles(paths: readonly string[]): Promise<readonly Json[]> {
  if (paths.length > LIMITS.attachmentsPerMessage) {
    throw new RollcallError("attachment-refused", {
      detail: `at most ${LIMITS.attachmentsPerMessage} files`,
    });
  }
  return Promise.all(paths.map(attach));
}

async function attach(path: string): Promise<Json> {
  const data = await read(path);
  const mime = TYPES[extname(path).toLowerCase()] ?? "application/octet-stream";
  return { name: cleanFileName(basename(path)), mime, data: data.toString("base64") };
}

async function read(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > LIMITS.attachmentBytes) {
      throw new RollcallError("attachment-refused", {
        detail: `${path} is larger than ${LIMITS.attachmentBytes} bytes`,
      });
    }
    return await file.readFile();
  } catch (error) {
    if (error instanceof RollcallError) throw error;
    throw new RollcallError("attachment-refused", {
      detail: `${path} can't be read (${codeOf(error) ?? messageOf(error)})`,
      fix: "Check its name and mode.",
      cause: error,
    });
  }
}
