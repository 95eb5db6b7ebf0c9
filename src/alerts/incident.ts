/**
 * The life of an incident: what is said of it, and when. Pure, so that properties can be tested over every history.
 *
 * A heal is told after a moment of calm. What comes back within a minute of its heal is the same incident; when people
 * were told already that it is over they are told once more, and from then on the next "over" needs a whole minute of
 * calm, so that something that flaps doesn't talk all the time.
 */
import type { AlertKind, Condition, Incident } from "../core/alert.ts";
import type { IncidentId } from "../core/ids.ts";
import { DAY, HOUR, SECOND, type Duration, type Instant } from "../core/time.ts";

/** Times of an incident. */
export const INCIDENT_TIMES = {
  /** Calm after a heal before it is told. */
  calm: 5 * SECOND,
  /** What comes back within this time of a heal joins its incident. */
  join: 60 * SECOND,
  /** Reminders after the first alert; after the last of them daily. */
  reminders: [HOUR, 4 * HOUR],
  daily: DAY,
} as const;

/** What can be said of an incident. */
export type Say = Exclude<AlertKind, "test">;

/** A new incident. @param answered how many messages were answered so far, ever */
export function openIncident(
  condition: Condition,
  id: IncidentId,
  since: Instant,
  answered: number,
): Incident {
  return {
    ...condition,
    id,
    status: "open",
    since,
    healedAt: null,
    occurrences: 1,
    acknowledgedAt: null,
    toldAt: null,
    nextReminder: null,
    overTold: false,
    cameBack: false,
    alerts: 0,
    deliveredAt: null,
    toldBy: [],
    answeredBefore: answered,
  };
}

/** Whether a report of the same condition at this time belongs to this incident. A clock that was set back joins. */
export function joins(incident: Incident, now: Instant): boolean {
  if (incident.status === "closed" || incident.healedAt === null) return incident.status === "open";
  return now - incident.healedAt < INCIDENT_TIMES.join;
}

/** The condition is reported (again). Words and severity are those of the first report. */
export function reportIncident(incident: Incident): Incident {
  if (incident.status === "open") return incident;
  return { ...incident, status: "open", healedAt: null, occurrences: incident.occurrences + 1 };
}

/** The condition is gone. */
export function healIncident(incident: Incident, now: Instant): Incident {
  return incident.status === "open" ? { ...incident, status: "healed", healedAt: now } : incident;
}

/** Somebody has taken it over: no more reminders. What has happened and doesn't last is over with that. */
export function acknowledgeIncident(incident: Incident, now: Instant): Incident {
  if (incident.acknowledgedAt !== null || incident.status === "closed") return incident;
  const known: Incident = { ...incident, acknowledgedAt: now, nextReminder: null };
  return incident.lasting ? known : { ...known, status: "closed", healedAt: now };
}

/** What is to be said now, if anything. While muted nothing is. */
export function dueOf(incident: Incident, now: Instant, mutedUntil: Instant): Say | null {
  if (now < mutedUntil || incident.status === "closed") return null;
  if (incident.healedAt !== null) return isCalm(incident, now) ? "resolved" : null;
  if (incident.toldAt === null) return "raised";
  if (incident.overTold) return "again";
  return incident.nextReminder !== null && now >= incident.nextReminder ? "reminder" : null;
}

function isCalm(incident: Incident, now: Instant): boolean {
  if (incident.overTold || incident.healedAt === null) return false;
  const needed = incident.cameBack ? INCIDENT_TIMES.join : INCIDENT_TIMES.calm;
  return now - incident.healedAt >= needed;
}

/** The incident after that was said. */
export function afterSaying(incident: Incident, say: Say, now: Instant): Incident {
  const told: Incident = {
    ...incident,
    alerts: incident.alerts + 1,
    toldAt: incident.toldAt ?? (say === "resolved" ? null : now),
  };
  if (say === "resolved") return { ...told, overTold: true };
  return {
    ...told,
    overTold: false,
    cameBack: incident.cameBack || say === "again",
    nextReminder: incident.acknowledgedAt === null ? nextReminder(told.toldAt ?? now, now) : null,
  };
}

/** The first reminder that is still to come: those that were missed are not made up for. */
function nextReminder(anchor: Instant, now: Instant): Instant {
  const early = INCIDENT_TIMES.reminders.find((offset) => anchor + offset > now);
  if (early !== undefined) return anchor + early;
  const days = Math.floor((now - anchor) / INCIDENT_TIMES.daily) + 1;
  return anchor + days * INCIDENT_TIMES.daily;
}

/** Ends an incident that nothing can join any more and of which nothing is left to say. */
export function closeIfOver(incident: Incident, now: Instant): Incident {
  const over = incident.status === "healed" && incident.overTold && !joins(incident, now);
  return over ? { ...incident, status: "closed" } : incident;
}

/** How long it lasted: until its heal, or until now. */
export function durationOf(incident: Incident, now: Instant): Duration {
  return Math.max(0, (incident.healedAt ?? now) - incident.since);
}
