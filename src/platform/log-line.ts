import { styleText } from "node:util";
import { visibleLines, visibleText } from "../core/visible-text.ts";
import type { LogLevel } from "../ports/log.ts";

// What JSON leaves as it is and a terminal or a reader doesn't: DEL, C1, direction marks, separators, byte order mark.
const HIDDEN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A line of JSON with everything invisible escaped. Such characters stand in strings only, so it stays the same JSON. */
export function visibleJson(line: string): string {
  return line.replace(HIDDEN, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

type Style = Parameters<typeof styleText>[0];
const STYLES: Readonly<Record<LogLevel, Style>> = {
  debug: "gray",
  info: "green",
  warn: "yellow",
  error: "red",
  fatal: ["bold", "red"],
};

/**
 * One line of the log as people read it: time, level, component, message, fields. A line that isn't of this log is
 * shown as it is. Nothing in it can move the cursor or pass for another line; the stack of an error comes below.
 *
 * @param line JSON without its line end
 */
export function prettyLine(line: string, color: boolean): string {
  const record = readRecord(line);
  if (record === undefined) return visibleText(line);
  const { time, level, component, event, msg, ...fields } = record;
  const paint = (style: Style, text: string): string =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const style = isLevel(level) ? STYLES[level] : "reset";
  const head = word(msg ?? event);
  const tag = `[${word(component ?? "?")}]`;
  const parts = [
    paint("gray", word(time)),
    paint(style, word(level).toUpperCase().padEnd(5)),
    head.startsWith(tag) ? head : `${paint("cyan", tag)} ${head}`,
    ...Object.entries(fields).map(([key, value]) => paint("gray", `${visibleText(key)}=${shown(value)}`)),
  ];
  return [parts.join(" "), ...stacks(fields)].join("\n");
}

function readRecord(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isLevel(level: unknown): level is LogLevel {
  return typeof level === "string" && Object.hasOwn(STYLES, level);
}

function word(value: unknown): string {
  return typeof value === "string" ? visibleText(value) : value === undefined ? "" : shown(value);
}

/** A value on one line: bare when it is one plain word. Of an error its message. */
function shown(value: unknown): string {
  if (typeof value === "string")
    return /^[\w./:@+-]+$/.test(value) ? value : visibleText(JSON.stringify(value));
  if (typeof value === "object" && value !== null && "stack" in value && "message" in value) {
    return visibleText(JSON.stringify(value.message));
  }
  return visibleText(JSON.stringify(value) ?? "");
}

function stacks(fields: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.values(fields).flatMap((value) =>
    typeof value === "object" && value !== null && "stack" in value && typeof value.stack === "string"
      ? visibleLines(value.stack).split("\n").slice(1)
      : [],
  );
}
