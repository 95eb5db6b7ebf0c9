import { DAY, HOUR, MINUTE, SECOND, type Instant } from "../../core/time.ts";

/** A plan's longest period is a month: an end beyond it was misread. */
const FURTHEST = 32 * DAY;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * When a limit ends, as the program's text says it: `…|1767225600`, `resets in 2h 5m`, `resets 3pm`,
 * `resets at 3:30am (Europe/Berlin)`, `resets Nov 25, 9am`. Clock times without a zone are the machine's own, which the
 * program prints them in. Undefined when the text says none, or nothing believable. Pure but for the machine's zone.
 */
export function limitEnd(text: string, now: Instant): Instant | undefined {
  const end = epoch(text) ?? relative(text, now) ?? onClock(text, now);
  return end !== undefined && end > now && end <= now + FURTHEST ? end : undefined;
}

function epoch(text: string): Instant | undefined {
  const digits = /\|\s*(\d{10}|\d{13})\b/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits) * (digits.length === 10 ? SECOND : 1);
}

function relative(text: string, now: Instant): Instant | undefined {
  const match = /\b(?:resets?|try again|retry)(?: in| after) ((?:\d+\s*[a-z]+[\s,]*)+)/i.exec(text);
  let span = 0;
  for (const [, count, unit = ""] of (match?.[1] ?? "").matchAll(/(\d+)\s*([a-z]+)/gi))
    span += Number(count) * unitOf(unit.toLowerCase());
  return span > 0 ? now + span : undefined;
}

function unitOf(unit: string): number {
  if (/^d(?:ays?)?$/.test(unit)) return DAY;
  if (/^h(?:(?:ou)?rs?)?$/.test(unit)) return HOUR;
  if (/^m(?:in(?:ute)?s?)?$/.test(unit)) return MINUTE;
  return /^s(?:ec(?:ond)?s?)?$/.test(unit) ? SECOND : 0;
}

const CLOCK =
  /\bresets?(?: at| on)?\s+(?:([A-Z][a-z]{2})[a-z]*\.?\s+(\d{1,2})(?:,| at)?\s+(?:at )?)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)\b(?:\s*\(([^)]+)\))?/i;

function onClock(text: string, now: Instant): Instant | undefined {
  const match = CLOCK.exec(text);
  if (match === null) return undefined;
  const [, month, day, hours, minutes, half, zone] = match;
  const offset = zoneOffset(zone);
  const hour = (Number(hours) % 12) + (half?.toLowerCase() === "pm" ? 12 : 0);
  const here = new Date(now + offset(now));
  const at = (year: number, monthIndex: number, date: number): Instant => {
    const wall = Date.UTC(year, monthIndex, date, hour, Number(minutes ?? 0));
    // Once more with the offset of the found moment, which differs from today's across a change of clocks.
    return wall - offset(wall - offset(wall));
  };
  if (month !== undefined) {
    const index = MONTHS.indexOf(month.toLowerCase());
    if (index < 0) return undefined;
    const end = at(here.getUTCFullYear(), index, Number(day));
    return end > now ? end : at(here.getUTCFullYear() + 1, index, Number(day));
  }
  const today = at(here.getUTCFullYear(), here.getUTCMonth(), here.getUTCDate());
  return today > now ? today : at(here.getUTCFullYear(), here.getUTCMonth(), here.getUTCDate() + 1);
}

/** Milliseconds that a zone is ahead of UTC at a moment. An unknown zone counts as the machine's own. */
function zoneOffset(zone: string | undefined): (at: Instant) => number {
  const own = (at: Instant): number => -new Date(at).getTimezoneOffset() * MINUTE;
  if (zone === undefined) return own;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    return own; // text from outside may name anything
  }
  return (at) => {
    const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const match = /GMT([+-])(\d{2}):(\d{2})/.exec(name);
    const span = Number(match?.[2] ?? 0) * HOUR + Number(match?.[3] ?? 0) * MINUTE;
    return match?.[1] === "-" ? -span : span;
  };
}
