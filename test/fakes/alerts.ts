// Incidents, routes and a spool for tests of what is told to operators.
import type { Condition, Incident } from "../../src/core/alert.ts";
import type { IncidentId } from "../../src/core/ids.ts";
import { openIncident } from "../../src/alerts/incident.ts";
import type { Alerts, AlertDesk } from "../../src/ports/alerts.ts";

export const CONDITION: Condition = {
  code: "harness-missing",
  subject: "agent/main",
  severity: "critical",
  summary: "Agent main can't be served: the program is not there.",
  fix: "Install it.",
  agent: "main",
  harness: "claude-cli",
  channel: null,
  lasting: true,
};

let made = 0;

export function sampleIncident(change: Partial<Incident> = {}): Incident {
  made += 1;
  return { ...openIncident(CONDITION, `i_${made}` as IncidentId, 0, 0), ...change };
}

/** Alerts that reach nobody: each agent's outage gets an id, and nothing is ever delivered. */
export function quietAlerts(delivered = false): Alerts & AlertDesk {
  const incidents = new Map<string, IncidentId>();
  return {
    raise({ code, subject }) {
      const key = `${code} ${subject}`;
      const id = incidents.get(key) ?? (`i_quiet${incidents.size + 1}` as IncidentId);
      incidents.set(key, id);
      return id;
    },
    resolve: (code, subject) => void incidents.delete(`${code} ${subject}`),
    incidentOf(agent) {
      const key = [...incidents.keys()].find((known) => known.endsWith(` agent/${agent}`));
      const id = key === undefined ? undefined : incidents.get(key);
      return id === undefined ? null : { id, delivered };
    },
    list: () => Promise.resolve([]),
    acknowledge: () => Promise.resolve([]),
    mute: () => Promise.resolve(0),
    mutedUntil: () => null,
    test: () => Promise.resolve([]),
  };
}
