import type { Incident, QueuedAlert } from "../../core/alert.ts";
import type { AlertStore } from "../../ports/alert-store.ts";
import type { StoreContext, Tx } from "./context.ts";

/** What is kept of what is over: enough to look back, and bounded. */
const KEPT = { incidents: 500, alerts: 1000 } as const;

export function createAlertStore({ db, committer }: StoreContext): AlertStore {
  const incidentsOf = (sql: string, ...values: readonly number[]): readonly Incident[] =>
    db.all<{ body: string }>(sql, ...values).map(({ body }) => JSON.parse(body) as Incident);
  return {
    saveAlerts: ({ incidents, alerts }) =>
      committer.write(() => {
        for (const incident of incidents) putIncident({ db }, incident);
        for (const queued of alerts) putAlert({ db }, queued);
        prune({ db });
      }),
    async openIncidents() {
      return incidentsOf("SELECT body FROM incidents WHERE status <> 'closed' ORDER BY since");
    },
    async incidents(limit) {
      return incidentsOf("SELECT body FROM incidents ORDER BY since DESC LIMIT ?", limit);
    },
    async pendingAlerts() {
      return db
        .all<{ body: string }>("SELECT body FROM alerts WHERE state = 'pending' ORDER BY n")
        .map(({ body }) => JSON.parse(body) as QueuedAlert);
    },
  };
}

type Reach = Pick<Tx, "db">;

function putIncident({ db }: Reach, incident: Incident): void {
  db.run(
    `INSERT INTO incidents (id, since, status, body) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET status = excluded.status, body = excluded.body`,
    incident.id,
    incident.since,
    incident.status,
    JSON.stringify(incident),
  );
}

function putAlert({ db }: Reach, queued: QueuedAlert): void {
  db.run(
    `INSERT INTO alerts (id, state, body) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body`,
    queued.alert.id,
    queued.state,
    JSON.stringify(queued),
  );
}

function prune({ db }: Reach): void {
  db.run(
    `DELETE FROM incidents WHERE status = 'closed' AND since <
       (SELECT since FROM incidents ORDER BY since DESC LIMIT 1 OFFSET ?)`,
    KEPT.incidents,
  );
  db.run("DELETE FROM alerts WHERE state <> 'pending' AND n <= (SELECT max(n) FROM alerts) - ?", KEPT.alerts);
}
