import type { Incident } from "../core/alert.ts";
import type { IncidentId } from "../core/ids.ts";
import { DAY, formatDuration, parseDuration, type Instant } from "../core/time.ts";
import type { AlertDesk } from "../ports/alerts.ts";

const LIST = 10;
const LONGEST_MUTE = 7 * DAY;
const HOW = "/alerts, /alerts ack [INCIDENT], /alerts mute DURATION, /alerts test";

/** `/alerts`: what is open, and what an owner can do about it. @throws RollcallError `no-such-id` */
export async function runAlerts(desk: AlertDesk, args: string, now: Instant): Promise<string> {
  const [verb = "", value = ""] = args.split(/\s+/);
  switch (verb) {
    case "":
      return listText(desk, now);
    case "ack":
      return ackText(await desk.acknowledge(value === "" ? null : (value as IncidentId)));
    case "mute":
      return mute(desk, value);
    case "test":
      return testText(await desk.test());
    default:
      return `There is: ${HOW}`;
  }
}

async function listText(desk: AlertDesk, now: Instant): Promise<string> {
  const open = (await desk.list(LIST)).filter(({ status }) => status !== "closed");
  const muted = desk.mutedUntil();
  const lines = open.map((incident) => incidentText(incident, now));
  if (lines.length === 0) lines.push("Nothing is wrong that is known.");
  if (muted !== null) lines.push(`Alerts are muted for ${formatDuration(muted - now)}.`);
  return lines.join("\n");
}

function incidentText(incident: Incident, now: Instant): string {
  const { id, severity, status, since, acknowledgedAt, summary } = incident;
  const state =
    status === "healed" ? "healed" : acknowledgedAt === null ? severity : `${severity}, taken over`;
  return `\`${id}\` ${state}, for ${formatDuration(now - since)}: ${summary}`;
}

function ackText(known: readonly Incident[]): string {
  if (known.length === 0) return "Nothing was open.";
  return `Taken over: ${known.map(({ id }) => `\`${id}\``).join(", ")}. There are no more reminders.`;
}

async function mute(desk: AlertDesk, text: string): Promise<string> {
  const span = text === "off" ? 0 : parseDuration(text);
  if (span === undefined || span > LONGEST_MUTE)
    return "For how long? Write /alerts mute and a time, such as 30m or 8h, at most 7d; off ends it.";
  await desk.mute(span);
  return span === 0 ? "Alerts are told again." : `No alerts for ${formatDuration(span)}.`;
}

function testText(receipts: Awaited<ReturnType<AlertDesk["test"]>>): string {
  if (receipts.length === 0) return "There is no route but the log.";
  return receipts
    .map(({ route, outcome, detail, ms }) =>
      outcome === "delivered"
        ? `${route}: delivered in ${ms} ms`
        : `${route}: ${outcome}, ${detail ?? "no reason"}`,
    )
    .join("\n");
}
