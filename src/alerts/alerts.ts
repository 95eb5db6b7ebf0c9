/**
 * The operator's alerts: incidents by what is wrong with what, what is said of them and when, and the way out. Nothing
 * here waits for the store: while it can't write, the spool keeps what must be told.
 *
 * Keeps: I14 (an incident at its evidence, delivered by a route that works), I17 (no secret in an alert).
 */
import type { Condition, Incident, QueuedAlert } from "../core/alert.ts";
import { ERRORS } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { AlertDesk, AlertRaise, Alerts } from "../ports/alerts.ts";
import {
  byId,
  end,
  keep,
  keyOf,
  MUTED_NOTE,
  sayDue,
  type AlertDeps,
  type AlertState,
} from "./alert-state.ts";
import { deskOf } from "./desk.ts";
import { healIncident, joins, openIncident, reportIncident } from "./incident.ts";
import { createJournal } from "./journal.ts";
import { createQueue, type AlertQueue } from "./queue.ts";
import { ALERT_UNITS, cutTo, withoutPaths } from "./words.ts";

export interface AlertCenter extends Alerts, AlertDesk {
  /** Says what is due by now. Called several times a second. */
  tick(): void;
  /** Open incidents, for the watch: those of an earlier start too. */
  open(): readonly Incident[];
  /** Whether an alert waits that no route took. */
  stuck(): boolean;
  /** Resolves when nothing is in its first round, or past `within`. */
  settled(within: Duration): Promise<void>;
  /** The same, then nothing more is tried, and what is left is written. */
  stop(within: Duration): Promise<void>;
}

/** How long a first try waits for being kept: a disk that hangs must not hold an alert back. */
const KEEP_WITHIN = SECOND;

/** Opens the alerts with what an earlier gateway left in store and spool. */
export async function openAlerts(deps: AlertDeps): Promise<AlertCenter> {
  const spooled = deps.spool.entries();
  const [stored, pending, muted] = await Promise.all([
    deps.store.openIncidents(),
    deps.store.pendingAlerts(),
    deps.store.note(MUTED_NOTE),
  ]);
  const known = new Map(stored.map((incident) => [keyOf(incident), incident]));
  // The spool is newer: it was written when the store couldn't be.
  for (const { incident } of spooled) known.set(keyOf(incident), incident);
  const journal = createJournal(
    deps,
    spooled.map(({ incident }) => incident.id),
  );
  const state: AlertState = {
    deps,
    journal,
    incidents: known,
    queue: queueOf(deps, () => state),
    muted: Number(muted ?? 0),
  };
  const waiting = new Map(pending.map((queued) => [queued.alert.id, queued]));
  for (const { incident, alert } of spooled) {
    if (alert !== null) waiting.set(alert.alert.id, alert);
    void journal.save(incident, alert ?? undefined);
  }
  for (const queued of waiting.values()) state.queue.add(queued, true);
  return { ...alertsOf(state), ...deskOf(state) };
}

function queueOf(deps: AlertDeps, state: () => AlertState): AlertQueue {
  const { clock, metrics, log } = deps;
  return createQueue({
    ...deps,
    tried(alert, { route, outcome, detail, ms }) {
      const [kind = route] = route.split("#");
      metrics.count("alerts_total", { code: alert.code, route: kind, outcome });
      if (outcome === "failed") log.warn("alert.failed", { alert: alert.id, route, detail, ms });
    },
    tellers: (incident) => byId(state(), incident)?.toldBy ?? [],
    async keep(queued) {
      const incident = byId(state(), queued.alert.incident);
      const over = new AbortController();
      await Promise.race([state().journal.save(incident, queued), clock.sleep(KEEP_WITHIN, over.signal)]);
      over.abort();
    },
    ended(queued, waited) {
      const { alert, route } = queued;
      if (queued.state === "delivered") {
        metrics.observe("alert_delivery_seconds", waited / 1000);
        log.info("alert.delivered", {
          alert: alert.id,
          incident: alert.incident,
          code: alert.code,
          route,
          ms: Math.round(waited),
        });
      }
      finish(state(), queued);
    },
  });
}

/** Remembers how an alert ended, with its incident where that is still known. */
function finish(state: AlertState, queued: QueuedAlert): void {
  const incident = byId(state, queued.alert.incident);
  if (incident === null || queued.state !== "delivered") return void state.journal.save(incident, queued);
  const { route } = queued;
  const toldBy =
    route === null || route.includes(",") ? incident.toldBy : [...new Set([...incident.toldBy, route])];
  const deliveredAt = incident.deliveredAt ?? state.deps.clock.now();
  void keep(state, { ...incident, deliveredAt, toldBy }, queued);
}

function alertsOf(
  state: AlertState,
): Alerts & Pick<AlertCenter, "tick" | "open" | "stuck" | "settled" | "stop"> {
  const { deps, incidents, queue, journal } = state;
  return {
    raise(alert) {
      const condition = conditionOf(deps, alert);
      const known = incidents.get(keyOf(condition));
      if (known?.status === "open") return known.id;
      const joined = known !== undefined && joins(known, deps.clock.now());
      if (known !== undefined && !joined) end(state, known);
      const incident = joined
        ? reportIncident(known)
        : openIncident(condition, deps.ids.incident(), deps.clock.now(), deps.answered());
      tellRaised(deps, incident);
      void keep(state, incident);
      sayDue(state, incident);
      return incident.id;
    },
    resolve(code, subject) {
      const incident = incidents.get(keyOf({ code, subject }));
      if (incident?.status !== "open") return;
      void keep(state, healIncident(incident, deps.clock.now()));
      queue.poke();
    },
    incidentOf(agent) {
      const found = [...incidents.values()].findLast(
        (incident) => incident.status === "open" && incident.subject === `agent/${agent}`,
      );
      return found === undefined ? null : { id: found.id, delivered: found.deliveredAt !== null };
    },
    tick() {
      for (const incident of incidents.values()) sayDue(state, incident);
    },
    open: () => [...incidents.values()].filter(({ status }) => status === "open"),
    stuck: () => queue.stuck(),
    settled: (within) => queue.settled(within),
    async stop(within) {
      await queue.settled(within);
      queue.stop();
      await journal.close();
    },
  };
}

function conditionOf(deps: AlertDeps, alert: AlertRaise): Condition {
  const row = ERRORS[alert.code];
  return {
    severity: "critical",
    agent: null,
    harness: null,
    channel: null,
    lasting: true,
    ...alert,
    summary: cutTo(withoutPaths(deps.redact(alert.summary ?? row.summary)), ALERT_UNITS.summary),
    fix: cutTo(deps.redact(alert.fix ?? row.fix), ALERT_UNITS.fix),
  };
}

/** The log is a route that always works, and nobody's chat is disturbed by it. */
function tellRaised({ log }: AlertDeps, incident: Incident): void {
  const { id, code, subject, severity, summary, occurrences } = incident;
  const fields = { incident: id, code, subject, severity, fix: incident.fix, occurrences };
  if (severity === "critical") log.error("alert.raised", fields, summary);
  else log.warn("alert.raised", fields, summary);
}
