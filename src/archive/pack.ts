import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { codeOf } from "../core/errors.ts";
import {
  manifestText,
  PLACES,
  type ArchivedFile,
  type ArchivedRecord,
  type ManifestHead,
} from "./manifest.ts";
import { padding, TAR_END, tarHeader } from "./tar.ts";

/** One thing to put into an archive: a file of the disk, or a text. */
export type PackItem =
  | { readonly name: string; readonly path: string; readonly record?: Omit<ArchivedRecord, "name"> }
  | { readonly name: string; readonly text: string };

/** What is read at once: bounds the time that hashing takes the loop. */
const CHUNK = 128 * 1024;

/**
 * The bytes of an archive: every item in order, and a manifest at the end, so that one that was cut off has none. A file
 * that is gone by then is left out; one that grows meanwhile is taken as it was when it was opened.
 */
export async function* pack(
  items: AsyncIterable<PackItem> | Iterable<PackItem>,
  head: ManifestHead,
): AsyncGenerator<Buffer> {
  const files: ArchivedFile[] = [];
  const records: ArchivedRecord[] = [];
  const seconds = Date.parse(head.at) / 1000;
  for await (const item of items) {
    const file = "text" in item ? yield* packText(item, seconds) : yield* packFile(item);
    if (file === null) continue;
    files.push(file);
    if ("record" in item && item.record !== undefined) records.push({ name: item.name, ...item.record });
  }
  yield* packText({ name: PLACES.manifest, text: manifestText(head, records, files) }, seconds);
  yield TAR_END;
}

async function* packText(
  { name, text }: { readonly name: string; readonly text: string },
  changedAt: number,
): AsyncGenerator<Buffer, ArchivedFile> {
  const body = Buffer.from(text);
  yield Buffer.concat([tarHeader({ name, bytes: body.length, changedAt }), body, padding(body.length)]);
  return { name, bytes: body.length, sha256: createHash("sha256").update(body).digest("hex") };
}

async function* packFile({
  name,
  path,
}: {
  readonly name: string;
  readonly path: string;
}): AsyncGenerator<Buffer, ArchivedFile | null> {
  const file = await open(path, "r").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const { size, mtimeMs } = await file.stat();
    yield tarHeader({ name, bytes: size, changedAt: mtimeMs / 1000 });
    const hash = createHash("sha256");
    for (let at = 0; at < size;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(CHUNK, size - at)), 0, null, at);
      // It became shorter: what was promised is filled up, and the manifest says what is there.
      const chunk =
        bytesRead === 0 ? Buffer.alloc(Math.min(CHUNK, size - at)) : buffer.subarray(0, bytesRead);
      hash.update(chunk);
      at += chunk.length;
      yield chunk;
    }
    yield padding(size);
    return { name, bytes: size, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}
