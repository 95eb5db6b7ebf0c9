import { lstat, opendir, readdir, rm } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { codeOf, messageOf, RollcallError } from "../core/errors.ts";
import type { BlobFolder } from "../ports/blobs.ts";

/** As `createBlobs` names them. What is called otherwise isn't ours to delete. */
const NAME = /^[0-9a-f]{32}$/;

/** @param dir where `createBlobs` keeps its files */
export function createBlobFolder(dir: string): BlobFolder {
  const root = resolve(dir);
  return {
    async *all() {
      for await (const name of namesIn(root)) {
        const madeAt = await madeWhen(join(root, name));
        if (madeAt !== null) yield { folder: name, madeAt };
      }
    },
    async contents(folder) {
      if (!NAME.test(folder)) return [];
      const names = await readdir(join(root, folder)).catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return [];
        throw error;
      });
      return names.map((name) => ({ name, path: join(root, folder, name) }));
    },
    async remove(folder) {
      if (!NAME.test(folder)) return;
      try {
        await rm(join(root, folder), { recursive: true, force: true });
      } catch (error) {
        throw new RollcallError("store-io", { detail: messageOf(error), cause: error });
      }
    },
    folderOf(path) {
      const [folder = ""] = relative(root, resolve(path)).split(sep);
      return NAME.test(folder) ? folder : null;
    },
  };
}

async function* namesIn(root: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(root)) if (NAME.test(name)) yield name;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

async function madeWhen(path: string): Promise<number | null> {
  try {
    return (await lstat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
