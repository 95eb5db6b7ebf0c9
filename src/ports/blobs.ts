import type { Instant } from "../core/time.ts";

/** Files that belong to messages: attachments in, kept in the state directory beside the store. */
export interface Blobs {
  /** Stores bytes durably under a cleaned name and returns their key. @throws RollcallError `store-full`, `store-io` */
  put(name: string, bytes: Uint8Array): Promise<string>;
  /** An empty place for a file that somebody else writes. */
  reserve(name: string): Promise<{ readonly key: string; readonly path: string }>;
  /** Absolute path of a key that `put` or `reserve` returned. Never leaves the folder, whatever the key says. */
  path(key: string): string;
}

/** All files together, for whoever clears them away. Each stands in a folder of its own, the first part of its key. */
export interface BlobFolder {
  /** Every file's folder, in no order, with when it was made. */
  all(): AsyncIterable<{ readonly folder: string; readonly madeAt: Instant }>;
  /** The files in one folder, with their absolute paths; none when it is gone. */
  contents(folder: string): Promise<readonly { readonly name: string; readonly path: string }[]>;
  /** Deletes a folder with its file; nothing when it is gone already. @throws RollcallError `store-io` */
  remove(folder: string): Promise<void>;
  /** The folder that an absolute path lies in; null when it isn't one of ours. */
  folderOf(path: string): string | null;
}
