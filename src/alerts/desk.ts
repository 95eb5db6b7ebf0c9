import type { IncidentId } from "../core/ids.ts";
import { RollcallError } from "../core/errors.ts";
import { toIso } from "../core/time.ts";
import type { AlertDesk } from "../ports/alerts.ts";
import { forget, keep, MUTED_NOTE, type AlertState } from "./alert-state.ts";
import { tryRoute } from "./deliver.ts";
import { acknowledgeIncident } from "./incident.ts";

/** What operators do with alerts. */
export function deskOf(state: AlertState): AlertDesk {
  const { deps, incidents } = state;
  return {
    async list(limit) {
      const live = [...incidents.values()].toSorted((a, b) => b.since - a.since);
      const known = new Set(live.map(({ id }) => id));
      const stored = await deps.store.incidents(limit);
      const ended = stored.filter(({ id, status }) => status === "closed" && !known.has(id));
      return [...live, ...ended].slice(0, limit);
    },
    async acknowledge(id) {
      const wanted = [...incidents.values()].filter(
        (incident) => incident.status === "open" && (id === null || incident.id === id),
      );
      if (id !== null && wanted.length === 0)
        throw new RollcallError("no-such-id", { detail: `no open incident ${id}` });
      const now = deps.clock.now();
      const known = wanted.map((incident) => acknowledgeIncident(incident, now));
      await Promise.all(known.map((incident) => keep(state, incident)));
      deps.log.info("alert.acknowledged", { incidents: known.map((incident) => incident.id) });
      for (const incident of known) if (incident.status === "closed") forget(state, incident);
      return known;
    },
    async mute(span) {
      const now = deps.clock.now();
      state.muted = span === 0 ? 0 : now + span;
      await deps.store.setNote(MUTED_NOTE, span === 0 ? null : String(state.muted));
      deps.log.info("alert.muted", { until: toIso(Math.max(now, state.muted)) });
      return Math.max(now, state.muted);
    },
    mutedUntil: () => (state.muted > deps.clock.now() ? state.muted : null),
    test: () => testRoutes(state),
  };
}

async function testRoutes({ deps }: AlertState): ReturnType<AlertDesk["test"]> {
  const now = deps.clock.now();
  const id: IncidentId = deps.ids.incident();
  const alert = {
    id: `${id}.1`,
    kind: "test",
    incident: id,
    code: "alert-test",
    severity: "warning",
    subject: "test",
    summary: "This is a test of the alert routes. Nothing is wrong.",
    fix: "Nothing is to be done.",
    agent: null,
    harness: null,
    channel: null,
    since: now,
    at: now,
  } as const;
  const receipts = await Promise.all(deps.routes().map((route) => tryRoute(deps.clock, route, alert)));
  for (const { route, outcome, detail } of receipts)
    deps.log.info("alert.tested", { route, outcome, detail });
  return receipts;
}
