/**
 * Where incidents and alerts are kept: in the store, and in the spool while the store can't. What changed is written
 * together; what couldn't be written is tried again until it is.
 */
import type { Incident, QueuedAlert } from "../core/alert.ts";
import { toRollcallError } from "../core/errors.ts";
import { SECOND } from "../core/time.ts";
import type { AlertStore } from "../ports/alert-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Spool } from "./spool.ts";

/** Pause after a write that failed. */
const AGAIN = SECOND;

export interface JournalDeps {
  readonly store: Pick<AlertStore, "saveAlerts">;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Journal {
  /**
   * Writes an incident as it is now, with an alert of it; null for one that is closed and forgotten. Resolves when both
   * are kept somewhere. Never rejects.
   */
  save(incident: Incident | null, alert?: QueuedAlert): Promise<void>;
  /** Writes what is left, once. */
  close(): Promise<void>;
}

/** @param spooled incidents that are in the spool from an earlier start */
export function createJournal(deps: JournalDeps, spooled: readonly string[]): Journal {
  const incidents = new Map<string, Incident>();
  const alerts = new Map<string, QueuedAlert>();
  const inSpool = new Set(spooled);
  let writing = Promise.resolve();
  let cancel = (): void => {};

  const write = async (): Promise<void> => {
    cancel();
    const change = { incidents: [...incidents.values()], alerts: [...alerts.values()] };
    if (change.incidents.length + change.alerts.length === 0) return;
    incidents.clear();
    alerts.clear();
    try {
      await deps.store.saveAlerts(change);
      for (const { id } of change.incidents) if (inSpool.delete(id)) deps.spool.remove(id);
    } catch (error) {
      deps.log.error("alert.not_stored", { code: toRollcallError(error).code, alerts: change.alerts.length });
      spool(change);
      for (const one of change.incidents) if (!incidents.has(one.id)) incidents.set(one.id, one);
      for (const one of change.alerts) if (!alerts.has(one.alert.id)) alerts.set(one.alert.id, one);
      cancel = deps.clock.timer(AGAIN, () => void flush());
    }
  };
  const spool = (change: {
    readonly incidents: readonly Incident[];
    readonly alerts: readonly QueuedAlert[];
  }): void => {
    for (const incident of change.incidents) {
      const own = change.alerts.filter(({ alert }) => alert.incident === incident.id);
      const alert = own.findLast(({ state }) => state === "pending") ?? null;
      if (deps.spool.put({ incident, alert })) inSpool.add(incident.id);
    }
  };
  /** One write at a time; what comes meanwhile goes with the next one. */
  const flush = (): Promise<void> => (writing = writing.then(write));
  return {
    save(incident, alert) {
      if (incident !== null) incidents.set(incident.id, incident);
      if (alert !== undefined) alerts.set(alert.alert.id, alert);
      return flush();
    },
    async close() {
      await flush();
      cancel();
    },
  };
}
