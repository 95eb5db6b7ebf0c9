import type { Condition, Incident, QueuedAlert } from "../core/alert.ts";
import type { Ids } from "../core/ids.ts";
import type { Instant } from "../core/time.ts";
import type { AlertRoute } from "../ports/alert-route.ts";
import type { AlertStore } from "../ports/alert-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";
import type { ChannelStore } from "../ports/store.ts";
import { afterSaying, closeIfOver, dueOf } from "./incident.ts";
import type { Journal } from "./journal.ts";
import type { AlertQueue } from "./queue.ts";
import type { Spool } from "./spool.ts";
import { alertOf } from "./words.ts";

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

/** Where the end of a silence is kept. */
export const MUTED_NOTE = "alerts.muted";

/** What the alerts know while they run. */
export interface AlertState {
  readonly deps: AlertDeps;
  /** Not closed, by code and subject. */
  readonly incidents: Map<string, Incident>;
  readonly journal: Journal;
  readonly queue: AlertQueue;
  muted: Instant;
}

/** What makes two reports the same incident. */
export const keyOf = ({ code, subject }: Pick<Condition, "code" | "subject">): string => `${code} ${subject}`;

export function byId(state: AlertState, id: string): Incident | null {
  return [...state.incidents.values()].find((incident) => incident.id === id) ?? null;
}

export function keep(state: AlertState, incident: Incident, alert?: QueuedAlert): Promise<void> {
  state.incidents.set(keyOf(incident), incident);
  return state.journal.save(incident, alert);
}

/** Says what is due of an incident by now, and closes it when nothing is left. */
export function sayDue(state: AlertState, incident: Incident): void {
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
export function end(state: AlertState, incident: Incident): void {
  sayDue(state, incident);
  const last = state.incidents.get(keyOf(incident));
  if (last?.id !== incident.id) return;
  forget(state, last);
  void state.journal.save({ ...last, status: "closed" });
}

/** A closed incident lives on in the store alone, unless an alert of it is still on its way. */
export function forget(state: AlertState, incident: Incident): void {
  if (state.incidents.get(keyOf(incident))?.id === incident.id) state.incidents.delete(keyOf(incident));
}
