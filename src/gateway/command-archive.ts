import type { Archive } from "../ports/archive.ts";
import { unpack } from "../archive/unpack.ts";
import type { Manifest } from "../archive/manifest.ts";
import { offlineArchive, type Surroundings } from "./offline-archive.ts";
import { openOffline } from "./offline.ts";

export type { Manifest } from "../archive/manifest.ts";

/** What operators do with what is stored, on the store of a gateway that isn't running. */
export async function openArchive(
  stateDir: string,
  around: Surroundings,
): Promise<Archive & { close(): Promise<void> }> {
  const opened = await openOffline(stateDir);
  const archive = offlineArchive(stateDir, opened.store, around);
  return {
    ...archive,
    async close() {
      archive.close();
      await opened.close();
    },
  };
}

/** Proves a backup, and says what is in it. @throws RollcallError `backup-unreadable` */
export function readBackup(file: string): Promise<Manifest> {
  return unpack(file, null);
}
