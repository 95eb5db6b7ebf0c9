import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { codeOf, messageOf, RollcallError } from "../core/errors.ts";
import { PLACES, readManifest, type Manifest } from "./manifest.ts";
import { readHeader, readPax, TAR_BLOCK } from "./tar.ts";

/** Longest manifest or header that is read into memory. */
const LONGEST = 64 * 1024 * 1024;

/**
 * Reads an archive to its end, and holds every file against the manifest. Nothing is trusted before that: names that
 * lead elsewhere, files that the manifest doesn't know, and whatever follows are faults.
 *
 * @param into a folder that gets the files; null only proves the archive
 * @throws RollcallError `backup-unreadable`, naming the archive and what is wrong with it; `store-full`
 */
export async function unpack(archive: string, into: string | null): Promise<Manifest> {
  try {
    const plain = createGunzip();
    // What the file system says comes out of `plain`, as what gzip says does.
    pipeline(createReadStream(archive), plain, () => undefined);
    return await readAll(createReader(plain), into);
  } catch (error) {
    if (codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT")
      throw new RollcallError("store-full", { detail: messageOf(error), cause: error });
    throw new RollcallError("backup-unreadable", { detail: `${archive}: ${faultOf(error)}`, cause: error });
  }
}

function faultOf(error: unknown): string {
  const code = codeOf(error) ?? "";
  if (code === "Z_BUF_ERROR") return "it ends too early";
  if (code.startsWith("Z_")) return `it is no backup, or damaged (${messageOf(error)})`;
  return messageOf(error);
}

async function readAll(reader: Reader, into: string | null): Promise<Manifest> {
  const seen = new Map<string, { readonly bytes: number; readonly sha256: string }>();
  let manifest: Manifest | undefined;
  for (let entry = await nextEntry(reader); entry !== null; entry = await nextEntry(reader)) {
    if (manifest !== undefined || seen.has(entry.name)) throw new RangeError(`${entry.name} is one too many`);
    if (entry.name === PLACES.manifest) manifest = readManifest((await reader.take(entry.bytes)).toString());
    else seen.set(entry.name, await readFile(reader, entry, into));
    await reader.take((TAR_BLOCK - (entry.bytes % TAR_BLOCK)) % TAR_BLOCK);
  }
  await reader.end();
  if (manifest === undefined) throw new RangeError("it has no manifest: it was cut off, or is no backup");
  for (const { name, bytes, sha256 } of manifest.files) {
    const found = seen.get(name);
    if (found === undefined) throw new RangeError(`${name} is missing`);
    if (found.bytes !== bytes || found.sha256 !== sha256) throw new RangeError(`${name} is damaged`);
    seen.delete(name);
  }
  const [stray] = seen.keys();
  if (stray !== undefined) throw new RangeError(`${stray} isn't in its manifest`);
  if (!manifest.files.some(({ name }) => name === PLACES.store)) throw new RangeError("it has no store");
  return manifest;
}

interface Entry {
  readonly name: string;
  readonly bytes: number;
}

/** The next file's header, with what stands before it in pax headers. Null at the end. */
async function nextEntry(reader: Reader): Promise<Entry | null> {
  let longer: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const header = readHeader(await reader.take(TAR_BLOCK));
    if (header === null) return null;
    if (header.type === "x") {
      const padded = Math.ceil(header.bytes / TAR_BLOCK) * TAR_BLOCK;
      longer = readPax((await reader.take(padded)).subarray(0, header.bytes));
      continue;
    }
    const name = longer.get("path") ?? header.name;
    const bytes = Number(longer.get("size") ?? header.bytes);
    if (header.type !== "0" || !isPlace(name) || !Number.isSafeInteger(bytes) || bytes < 0)
      throw new RangeError("it has something in it that no backup has");
    return { name, bytes };
  }
}

/** Only places that backups have, none of which leads out of the folder. */
function isPlace(name: string): boolean {
  const parts = name.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\\"))) return false;
  if (([PLACES.manifest, PLACES.store, PLACES.token] as readonly string[]).includes(name)) return true;
  return [PLACES.attachments, PLACES.records, PLACES.config].some((place) => name.startsWith(place));
}

async function readFile(
  reader: Reader,
  { name, bytes }: Entry,
  into: string | null,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  const file = into === null ? null : await create(join(into, name));
  try {
    for await (const chunk of reader.stream(bytes)) {
      hash.update(chunk);
      await file?.writeFile(chunk);
    }
    await file?.sync();
  } finally {
    await file?.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

async function create(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return open(path, "wx", 0o600);
}

interface Reader {
  /** Exactly so many bytes. @throws RangeError when there are fewer */
  take(bytes: number): Promise<Buffer>;
  /** The same, piece by piece. */
  stream(bytes: number): AsyncGenerator<Buffer>;
  /** Reads what is left, so that the sum at the end of it all is proven too. @throws RangeError when it isn't empty */
  end(): Promise<void>;
}

function createReader(source: AsyncIterable<Buffer>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  async function* stream(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0;) {
      if (rest.length === 0) {
        const next = await chunks.next();
        if (next.done === true) throw new RangeError("it ends too early");
        rest = next.value;
      }
      const piece = rest.subarray(0, left);
      rest = rest.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }
  return {
    stream,
    async take(bytes) {
      if (bytes > LONGEST) throw new RangeError("a header is damaged");
      const pieces: Buffer[] = [];
      for await (const piece of stream(bytes)) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    async end() {
      for (let next = rest; ;) {
        if (next.some((byte) => byte !== 0)) throw new RangeError("something follows its end");
        const read = await chunks.next();
        if (read.done === true) return;
        next = read.value;
      }
    },
  };
}
