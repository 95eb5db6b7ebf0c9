import type { Incident, QueuedAlert } from "../core/alert.ts";

/** What alerts keep in the store: their incidents, and what is on its way to the operator. */
export interface AlertStore {
  /**
   * Stores incidents and alerts as they are now, all or nothing; what was there under the same id is replaced. Old
   * closed incidents and ended alerts beyond a bound are dropped.
   *
   * @throws RollcallError `store-full`, `store-io`
   */
  saveAlerts(change: {
    readonly incidents: readonly Incident[];
    readonly alerts: readonly QueuedAlert[];
  }): Promise<void>;
  /** Incidents that aren't closed. */
  openIncidents(): Promise<readonly Incident[]>;
  /** The newest incidents, whatever their status, newest first. */
  incidents(limit: number): Promise<readonly Incident[]>;
  /** Alerts in `pending`, oldest first. */
  pendingAlerts(): Promise<readonly QueuedAlert[]>;
}
