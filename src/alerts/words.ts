import type { Alert, Incident } from "../core/alert.ts";
import { formatDuration, toIso, type Instant } from "../core/time.ts";
import { durationOf, type Say } from "./incident.ts";

/** Longest summary and fix of an alert, in UTF-16 units, so that it fits every route and a slot of the spool. */
export const ALERT_UNITS = { summary: 600, fix: 300 } as const;

/** The alert that says this of an incident. Pure. @param answered messages answered so far, ever */
export function alertOf(incident: Incident, say: Say, now: Instant, answered: number): Alert {
  const { id, code, subject, fix, agent, harness, channel, since } = incident;
  return {
    id: `${id}.${incident.alerts + 1}`,
    kind: say,
    incident: id,
    code,
    severity: say === "resolved" ? "resolved" : incident.severity,
    subject,
    summary: summaryOf(incident, say, now, answered),
    fix: say === "resolved" ? "Nothing is left to do." : fix,
    agent,
    harness,
    channel,
    since,
    at: now,
  };
}

function summaryOf(incident: Incident, say: Say, now: Instant, answered: number): string {
  const lasted = formatDuration(durationOf(incident, now));
  switch (say) {
    case "raised":
      return incident.summary;
    case "again":
      return `It came back: ${incident.summary}`;
    case "reminder":
      return `Still so after ${lasted}: ${incident.summary}`;
    case "resolved": {
      const count = Math.max(0, answered - incident.answeredBefore);
      return `Over after ${lasted}: ${incident.summary} ${answeredText(count)}`;
    }
  }
}

function answeredText(count: number): string {
  if (count === 0) return "No message was answered since it began.";
  return `${count} ${count === 1 ? "message was" : "messages were"} answered since it began.`;
}

/** A text cut to its bound, as whole characters. */
export function cutTo(text: string, units: number): string {
  const line = text.toWellFormed().trim();
  return line.length <= units ? line : `${line.slice(0, units - 1).toWellFormed()}…`;
}

const HEADS = { critical: "🔴 CRITICAL", warning: "🟠 WARNING", resolved: "🟢 RESOLVED" } as const;

/** An alert as a chat shows it, in plain text. */
export function chatText(alert: Alert, host: string): string {
  const lines = [
    `${HEADS[alert.severity]} · ${alert.summary}`,
    ...(alert.severity === "resolved" ? [] : [alert.fix]),
    `${alert.incident} · ${alert.code} · since ${toIso(alert.since).slice(0, 16).replace("T", " ")} UTC · ${host}`,
  ];
  if (alert.severity !== "resolved" && alert.kind !== "test")
    lines.push(`Taken over? /alerts ack ${alert.incident}`);
  return lines.join("\n");
}

/** The subject of a mail. */
export function subjectLine(alert: Alert): string {
  return cutTo(`[rollcall] ${alert.severity}: ${alert.summary}`.replace(/\s+/g, " "), 150);
}

/** An alert as programs get it: what `docs/guides/alerts.md` promises. */
export function wireOf(
  alert: Alert,
  from: { readonly host: string; readonly version: string },
): Readonly<Record<string, unknown>> {
  const { id, kind, incident, code, severity, subject, summary, fix, agent, harness, channel } = alert;
  return {
    id,
    code,
    severity,
    summary,
    fix,
    ...(agent !== null && { agent }),
    ...(harness !== null && { harness }),
    ...(channel !== null && { channel }),
    incident,
    since: toIso(alert.since),
    host: from.host,
    version: from.version,
    kind,
    subject,
    at: toIso(alert.at),
  };
}

/** A text without the folders of this machine: absolute paths are cut to their last part. Chats are no place for them. */
export function withoutPaths(text: string): string {
  return text.replace(/(?<![\w:/.])\/(?:[^\s"'/:,;]+\/)+([^\s"'/:,;]*)/g, "$1");
}
