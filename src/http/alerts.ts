import type { Incident } from "../core/alert.ts";
import type { IncidentId } from "../core/ids.ts";
import { DAY, parseDuration, toIso, type Instant } from "../core/time.ts";
import { json, type Answer } from "./answer.ts";
import { malformed, readFields, readNumber, readQuery, requiredText } from "./fields.ts";
import { HTTP_LIMITS } from "./limits.ts";
import { param, type Call, type Context } from "./router.ts";

const LONGEST_MUTE = 30 * DAY;

/** `GET /api/v1/alerts`: open incidents first, then the newest that are over. */
export async function listAlerts(context: Context, call: Call): Promise<Answer> {
  const { limit } = readQuery(call.query, ["limit"]);
  const { alerts } = context.deps;
  const found = await alerts.list(
    limit === undefined ? HTTP_LIMITS.listDefault : readNumber("limit", limit, 1, HTTP_LIMITS.list),
  );
  return json(200, { alerts: found.map(incidentJson), mutedUntil: isoOrNull(alerts.mutedUntil()) });
}

/** `POST /api/v1/alerts/:id/ack`: no more reminders of this one. */
export async function acknowledgeAlert(context: Context, call: Call): Promise<Answer> {
  readFields(await call.body(), []);
  const [incident] = await context.deps.alerts.acknowledge(param(call, "id") as IncidentId);
  return json(200, { alert: incident === undefined ? null : incidentJson(incident) });
}

/** `POST /api/v1/alerts/mute`: `{for: "2h"}`; `"0s"` ends it. */
export async function muteAlerts(context: Context, call: Call): Promise<Answer> {
  const fields = readFields(await call.body(), ["for"]);
  const span = parseDuration(requiredText(fields, "for", { max: HTTP_LIMITS.nameUnits }));
  if (span === undefined || span > LONGEST_MUTE)
    throw malformed("for", 'is not a duration of at most 30d, such as "30m" or "8h"');
  const until = await context.deps.alerts.mute(span);
  return json(200, { mutedUntil: span === 0 ? null : toIso(until) });
}

/** `POST /api/v1/alerts/test`: answers when every route has said something, or its time is over. */
export async function testAlerts(context: Context, call: Call): Promise<Answer> {
  readFields(await call.body(), []);
  return json(200, { receipts: await context.deps.alerts.test() });
}

function incidentJson(incident: Incident): Readonly<Record<string, unknown>> {
  const { id, code, subject, severity, status, summary, fix, agent, harness, channel } = incident;
  return {
    id,
    code,
    subject,
    severity,
    status,
    summary,
    fix,
    ...(agent !== null && { agent }),
    ...(harness !== null && { harness }),
    ...(channel !== null && { channel }),
    since: toIso(incident.since),
    healedAt: isoOrNull(incident.healedAt),
    acknowledgedAt: isoOrNull(incident.acknowledgedAt),
    deliveredAt: isoOrNull(incident.deliveredAt),
    occurrences: incident.occurrences,
  };
}

function isoOrNull(at: Instant | null): string | null {
  return at === null ? null : toIso(at);
}
