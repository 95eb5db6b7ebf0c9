import { randomBytes } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { codeOf, messageOf, RollcallError } from "../core/errors.ts";
import { cleanFileName } from "../core/file-name.ts";
import type { Blobs } from "../ports/blobs.ts";

/** File systems take names of at most 255 bytes. */
const NAME_BYTES = 200;

/**
 * Files in a folder of ours, each in a folder of its own with an unguessable name. Keys are `<that folder>/<name>`.
 * Only the owner can read them.
 *
 * @param dir made when it is first needed
 */
export function createBlobs(dir: string): Blobs {
  const root = resolve(dir);
  const path = (key: string): string => {
    const [folder = "", ...rest] = key.split("/");
    return join(root, blobName(folder), blobName(rest.join("/")));
  };
  const reserve: Blobs["reserve"] = (name) =>
    guarded(async () => {
      const key = `${randomBytes(16).toString("hex")}/${blobName(name)}`;
      await mkdir(root, { recursive: true, mode: 0o700 });
      await mkdir(dirname(path(key)), { mode: 0o700 });
      await syncFolder(root);
      return { key, path: path(key) };
    });
  return {
    reserve,
    path,
    async put(name, bytes) {
      const place = await reserve(name);
      await guarded(async () => {
        // `wx` also refuses a link that somebody put there.
        const file = await open(place.path, "wx", 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await syncFolder(dirname(place.path));
      });
      return place.key;
    },
  };
}

/** A clean name that also fits in bytes; its ending stays, since programs go by it. */
function blobName(name: string): string {
  const clean = cleanFileName(name);
  if (Buffer.byteLength(clean) <= NAME_BYTES) return clean;
  const dot = clean.lastIndexOf(".");
  const ending = dot > 0 && clean.length - dot <= 10 ? clean.slice(dot) : "";
  let stem = Array.from(clean.slice(0, clean.length - ending.length));
  while (Buffer.byteLength(stem.join("")) > NAME_BYTES - Buffer.byteLength(ending)) stem = stem.slice(0, -1);
  return stem.join("") + ending;
}

/** A new name in a folder is durable only when the folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** @throws RollcallError `store-full`, `store-io` */
async function guarded<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const full = ["ENOSPC", "EDQUOT"].includes(codeOf(error) ?? "");
    throw new RollcallError(full ? "store-full" : "store-io", { detail: messageOf(error), cause: error });
  }
}
