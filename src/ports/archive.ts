import type { Readable } from "node:stream";
import type { Purged, PurgeRequest } from "./retention.ts";

/** What a backup shall have in it. */
export interface BackupRequest {
  /** The gateway's own token, and the secrets that stand in the configuration. */
  readonly secrets: boolean;
}

/** What an operator can do with what is stored. */
export interface Archive {
  /**
   * Clears ended messages away.
   *
   * @param by who asks, for the log
   * @throws RollcallError `no-such-id`, `state-conflict`, `usage`
   */
  purge(request: PurgeRequest, by: string): Promise<Purged>;
  /**
   * Everything in one file, as it is at one moment: the bytes of a gzipped tar, made while they are read. One at a time.
   *
   * @throws RollcallError `backup-running`, `store-full`, `store-io`, `store-unreadable`
   */
  backup(request: BackupRequest, by: string, signal: AbortSignal): Promise<Readable>;
}
