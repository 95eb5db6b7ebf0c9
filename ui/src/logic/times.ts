import { DAY, formatDuration, HOUR, MINUTE } from "../../../src/core/time.ts";

/** A time as people say it in the same day: `14:03`; on another day with its date. Pure but for the locale. */
export function clockTime(at: number, now: number): string {
  const time = new Date(at);
  const hour = time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  if (time.toDateString() === new Date(now).toDateString()) return hour;
  const sameYear = time.getFullYear() === new Date(now).getFullYear();
  const date = time.toLocaleDateString(undefined, {
    day: "numeric",
    month: "short",
    ...(!sameYear && { year: "numeric" }),
  });
  return `${date}, ${hour}`;
}

/** Date and time to the second, for the life of a message. */
export function exactTime(at: number): string {
  return new Date(at).toLocaleString(undefined, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

/** How long ago, short: `now`, `5m`, `3h`, `2d`, beyond a week the date. Pure but for the locale. */
export function ago(at: number, now: number): string {
  const span = now - at;
  if (span < MINUTE) return "now";
  if (span < HOUR) return `${Math.floor(span / MINUTE)}m`;
  if (span < DAY) return `${Math.floor(span / HOUR)}h`;
  if (span < 7 * DAY) return `${Math.floor(span / DAY)}d`;
  return new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

/** How long something lasts so far, in plain words: `less than a minute`, `5m`, `1h 3m`. Pure. */
export function lasting(since: number, now: number): string {
  const span = Math.max(0, now - since);
  return span < MINUTE ? "less than a minute" : formatDuration(Math.floor(span / MINUTE) * MINUTE);
}

/** A size for people. Pure. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
