import { RollcallError } from "../core/errors.ts";
import type { LogFields } from "../ports/log.ts";

/** Bounds of one line, so that nothing from outside can flood the log. */
const LONGEST_TEXT = 8 * 1024;
const MOST_KEYS = 100;
const DEEPEST = 6;

/** Keys that every line has of its own. A field of such a name is written with an underscore behind it. */
const RESERVED = new Set(["time", "level", "component", "event", "msg"]);

/** Fields as they are written: bounded, errors with what they say. Pure; never throws, whatever it is given. */
export function logFields(fields: LogFields): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields).slice(0, MOST_KEYS)) {
    if (value !== undefined) written[RESERVED.has(key) ? `${key}_` : key] = plain(value, 0);
  }
  return written;
}

/** A text that is no longer than a line may bear; the cut is said. */
export function cutText(text: string): string {
  if (text.length <= LONGEST_TEXT) return text.toWellFormed();
  return `${text.slice(0, LONGEST_TEXT).toWellFormed()}… (${text.length - LONGEST_TEXT} more)`;
}

function plain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return cutText(value);
    case "bigint":
    case "symbol":
    case "function":
      return cutText(String(value));
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "object":
      return value === null ? null : plainObject(value, depth);
    default:
      return value;
  }
}

function plainObject(value: object, depth: number): unknown {
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEEPEST) return Array.isArray(value) ? "[…]" : "{…}";
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_KEYS).map((item) => plain(item, depth + 1));
    return value.length > MOST_KEYS ? [...items, `… (${value.length - MOST_KEYS} more)`] : items;
  }
  const entries =
    value instanceof Map ? [...value].map(([k, v]) => [String(k), v] as const) : Object.entries(value);
  const list: unknown = value instanceof Set ? [...value] : undefined;
  if (list !== undefined) return plain(list, depth);
  return Object.fromEntries(entries.slice(0, MOST_KEYS).map(([key, item]) => [key, plain(item, depth + 1)]));
}

function plainError(error: Error, depth: number): unknown {
  return {
    name: error.name,
    message: cutText(error.message),
    ...("code" in error && { code: plain(error.code, depth + 1) }),
    ...(error instanceof RollcallError && { fix: error.fix }),
    ...(error.stack !== undefined && { stack: cutText(error.stack) }),
    ...(error.cause !== undefined && depth < DEEPEST && { cause: plain(error.cause, depth + 1) }),
  };
}
