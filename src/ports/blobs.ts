/** Files that belong to messages: attachments in, kept in the state directory beside the store. */
export interface Blobs {
  /** Stores bytes durably under a cleaned name and returns their key. @throws RollcallError `store-full`, `store-io` */
  put(name: string, bytes: Uint8Array): Promise<string>;
  /** An empty place for a file that somebody else writes. */
  reserve(name: string): Promise<{ readonly key: string; readonly path: string }>;
  /** Absolute path of a key that `put` or `reserve` returned. Never leaves the folder, whatever the key says. */
  path(key: string): string;
}
