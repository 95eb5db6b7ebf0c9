/** A point in wall-clock time: milliseconds since the Unix epoch. */
export type Instant = number;

/** A span of time in milliseconds. Never negative. */
export type Duration = number;

/** One millisecond, the unit of {@link Duration}. */
export const MILLISECOND = 1;
/** In milliseconds. */
export const SECOND = 1000;
/** In milliseconds. */
export const MINUTE = 60 * SECOND;
/** In milliseconds. */
export const HOUR = 60 * MINUTE;
/** In milliseconds: always 24 hours, whatever the calendar does. */
export const DAY = 24 * HOUR;

const UNITS: Readonly<Record<string, number>> = {
  ms: MILLISECOND,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
};

/**
 * Reads a duration as the configuration and the command line write it: a number with a unit, `"250ms" "15s" "30m"
 * "24h" "7d"`. Returns undefined for anything else, so that the caller can name the key.
 */
export function parseDuration(text: string): Duration | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? ""];
  return match?.[1] === undefined || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}

/** Writes a duration for people, in the largest unit that keeps it short: `90s` is "1m 30s". */
export function formatDuration(span: Duration): string {
  if (span < SECOND) return `${Math.round(span)}ms`;
  const parts: string[] = [];
  let rest = Math.round(span / SECOND) * SECOND;
  for (const [unit, size] of [
    ["d", DAY],
    ["h", HOUR],
    ["m", MINUTE],
    ["s", SECOND],
  ] as const) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

/** The wire form of a time: ISO 8601, UTC. */
export function toIso(at: Instant): string {
  return new Date(at).toISOString();
}
