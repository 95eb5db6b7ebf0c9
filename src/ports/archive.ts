import type { Purged, PurgeRequest } from "./retention.ts";

/** What an operator can do with what is stored. */
export interface Archive {
  /**
   * Clears ended messages away.
   *
   * @param by who asks, for the log
   * @throws RollcallError `no-such-id`, `state-conflict`, `usage`
   */
  purge(request: PurgeRequest, by: string): Promise<Purged>;
}
