import type { Bytes } from "../core/size.ts";

/** A harness's session that the store knows, with the agent whose workspace it works in. */
export interface KnownSession {
  readonly harness: string;
  readonly native: string;
  readonly agent: string;
}

/** A copy of the store, as it was at one commit. */
export interface Snapshot {
  readonly commit: number;
  readonly bytes: Bytes;
  readonly sessions: readonly KnownSession[];
}

/** What a backup sees of the store. */
export interface SnapshotStore {
  /**
   * Writes a copy of the whole store, proven to be sound, to a path that doesn't exist yet. A process of its own does
   * it, so that writes go on meanwhile and wait for nothing. What was committed before the call is in it.
   *
   * @param path absolute, with as much free space as the store is large
   * @throws RollcallError `store-full` before anything is written, `store-io`, `store-unreadable` for a copy that isn't
   *   sound, `not-supported` for a store that has no files
   */
  snapshot(path: string, signal: AbortSignal): Promise<Snapshot>;
}
