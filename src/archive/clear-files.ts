import type { Instant } from "../core/time.ts";
import type { BlobFolder } from "../ports/blobs.ts";
import type { RetentionStore } from "../ports/retention.ts";
import { RETENTION } from "./limits.ts";

export interface FileDeps {
  readonly store: Pick<RetentionStore, "filesInUse">;
  readonly files: BlobFolder;
}

/** Which files nobody may take away now. */
async function inUse({ store, files }: FileDeps): Promise<{
  readonly folders: ReadonlySet<string>;
  readonly since: Instant;
}> {
  const { since, keys, paths } = await store.filesInUse();
  const named = keys.map((key) => key.split("/")[0] ?? "");
  const sent = paths.flatMap((path) => files.folderOf(path) ?? []);
  return {
    folders: new Set([...named, ...sent]),
    since: since === null ? Infinity : since - RETENTION.fileAhead,
  };
}

/**
 * Deletes files that are older than `before` and that nothing unfinished needs. A file that was fetched for a message
 * isn't named by it, so everything that came after the oldest unfinished message stays. What a crash left without a
 * message goes like any other. Returns how many were deleted.
 */
export async function clearOldFiles(deps: FileDeps, before: Instant): Promise<number> {
  const { folders, since } = await inUse(deps);
  const old: string[] = [];
  for await (const { folder, madeAt } of deps.files.all())
    if (madeAt < before && madeAt < since && !folders.has(folder)) old.push(folder);
  for (const folder of old) await deps.files.remove(folder);
  return old.length;
}

/** Deletes the files that came with cleared messages, unless something unfinished names them, too. */
export async function clearFilesOf(deps: FileDeps, keys: readonly string[]): Promise<number> {
  if (keys.length === 0) return 0;
  const { folders } = await inUse(deps);
  const gone = keys.map((key) => key.split("/")[0] ?? "").filter((folder) => !folders.has(folder));
  for (const folder of new Set(gone)) await deps.files.remove(folder);
  return gone.length;
}
