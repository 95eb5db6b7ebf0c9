import { visibleText } from "../core/visible-text.ts";
import type { Json } from "./client.ts";
import type { Terminal } from "./terminal.ts";

/** One value as JSON, for programs. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Rows under their heads, each column as wide as its widest cell. Nothing in a cell can steer the terminal. */
export function printTable(
  terminal: Terminal,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const cells = [heads, ...rows].map((row) => row.map(visibleText));
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  for (const row of cells) {
    terminal.out(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
}

/** A text shortened to one line of at most `max` units. */
export function oneLine(text: string, max: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= max ? line : `${line.slice(0, max - 1).toWellFormed()}…`;
}

/** A field of what the API answered, as text: empty for what isn't there. */
export function fieldText(value: Json, key: string): string {
  const field = value[key];
  if (typeof field === "string") return field;
  return typeof field === "number" || typeof field === "boolean" ? String(field) : "";
}

/** A list of objects in what the API answered. */
export function fieldList(value: Json, key: string): readonly Json[] {
  const field = value[key];
  return Array.isArray(field)
    ? field.filter((item): item is Json => typeof item === "object" && item !== null)
    : [];
}

/** An object in what the API answered; empty when it isn't there. */
export function fieldObject(value: Json, key: string): Json {
  const field = value[key];
  return typeof field === "object" && field !== null ? (field as Json) : {};
}

/** A time on the wire as people read it, to the second. */
export function shortTime(iso: string): string {
  return iso.replace(/\.\d+Z$/, "Z").replace("T", " ");
}
