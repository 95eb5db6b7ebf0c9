/**
 * The operator's alerts: incidents by what is wrong with what, what is said of them and when, and the way out. Nothing
 * here waits for the store: while it can't write, the spool keeps what must be told.
 *
 * Keeps: I14 (an incident at its evidence, delivered by a route that works), I17 (no secret in an alert).
 */
import type { Condition, Incident, QueuedAlert } from "../core/alert.ts";
import { ERRORS, RollcallError } from "../core/errors.ts";
import type { Ids, IncidentId } from "../core/ids.ts";
import { SECOND, toIso, type Duration, type Instant } from "../core/time.ts";
import type { AlertRoute } from "../ports/alert-route.ts";
import type { AlertStore } from "../ports/alert-store.ts";
import type { AlertDesk, AlertRaise, Alerts } from "../ports/alerts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";
import type { ChannelStore } from "../ports/store.ts";
import { tryRoute } from "./deliver.ts";
import {
  acknowledgeIncident,
  afterSaying,
  closeIfOver,
  dueOf,
  healIncident,
  joins,
  openIncident,
  reportIncident,
} from "./incident.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createQueue, type AlertQueue } from "./queue.ts";
import type { Spool } from "./spool.ts";
import { ALERT_UNITS, alertOf, cutTo, withoutPaths } from "./words.ts";

export interface AlertDeps {
  readonly store: AlertStore & Pick<ChannelStore, "note" | "setNote">;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Pick<Ids, "incident">;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "count" | "observe">;
  /** In order of preference; asked anew for every round. */
  readonly routes: () => readonly AlertRoute[];
  /** How many messages were answered so far, ever. */
  readonly answered: () => number;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
}

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

const MUTED_NOTE = "alerts.muted";
/** How long a first try waits for being kept: a disk that hangs must not hold an alert back. */
const KEEP_WITHIN = SECOND;

interface State {
  readonly deps: AlertDeps;
  /** Not closed, by code and subject. */
  readonly incidents: Map<string, Incident>;
  readonly journal: Journal;
  readonly queue: AlertQueue;
  muted: Instant;
}

const keyOf = ({ code, subject }: Pick<Condition, "code" | "subject">): string => `${code} ${subject}`;

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
  const state: State = {
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

function queueOf(deps: AlertDeps, state: () => State): AlertQueue {
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
function finish(state: State, queued: QueuedAlert): void {
  const incident = byId(state, queued.alert.incident);
  if (incident === null || queued.state !== "delivered") return void state.journal.save(incident, queued);
  const { route } = queued;
  const toldBy =
    route === null || route.includes(",") ? incident.toldBy : [...new Set([...incident.toldBy, route])];
  const deliveredAt = incident.deliveredAt ?? state.deps.clock.now();
  void keep(state, { ...incident, deliveredAt, toldBy }, queued);
}

function byId(state: State, id: string): Incident | null {
  return [...state.incidents.values()].find((incident) => incident.id === id) ?? null;
}

function keep(state: State, incident: Incident, alert?: QueuedAlert): Promise<void> {
  state.incidents.set(keyOf(incident), incident);
  return state.journal.save(incident, alert);
}

function alertsOf(state: State): Alerts & Pick<AlertCenter, "tick" | "open" | "stuck" | "settled" | "stop"> {
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

function sayDue(state: State, incident: Incident): void {
  const { deps, queue } = state;
  const now = deps.clock.now();
  const say = dueOf(incident, now, state.muted);
  const said = say === null ? incident : afterSaying(incident, say, now);
  // While its last words are on their way it is known who has to hear them.
  const next = queue.holds(said.id) ? said : closeIfOver(said, now);
  if (next === incident) return;
  void keep(state, next);
  if (say !== null) {
    const alert = alertOf(incident, say, now, deps.answered());
    if (say === "resolved")
      deps.log.info(
        "alert.resolved",
        { incident: next.id, code: next.code, subject: next.subject },
        alert.summary,
      );
    // What nobody was told of needs no end.
    if (say !== "resolved" || incident.toldAt !== null)
      queue.add({ alert, state: "pending", route: null }, false);
  }
  if (next.status === "closed") forget(state, next);
}

/** Nothing joins it any more: what is still to be said of it is said, and it makes room for the next one. */
function end(state: State, incident: Incident): void {
  sayDue(state, incident);
  const last = state.incidents.get(keyOf(incident));
  if (last?.id !== incident.id) return;
  forget(state, last);
  void state.journal.save({ ...last, status: "closed" });
}

/** A closed incident lives on in the store alone, unless an alert of it is still on its way. */
function forget(state: State, incident: Incident): void {
  if (state.incidents.get(keyOf(incident))?.id === incident.id) state.incidents.delete(keyOf(incident));
}

function deskOf(state: State): AlertDesk {
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

async function testRoutes({ deps }: State): ReturnType<AlertDesk["test"]> {
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
