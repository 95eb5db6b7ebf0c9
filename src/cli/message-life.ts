import { DAY, formatDuration, SECOND } from "../core/time.ts";
import type { Json } from "./client.ts";
import { fieldText } from "./print.ts";

/** Columns of {@link lifeRows}. */
export const LIFE_HEADS: readonly string[] = ["WHEN", "AFTER", "STEP", ""];

/**
 * A message's history as a timeline: when each step was, how long after the one before it, and what is known of it. In
 * the order in which it happened; a clock that was set back meanwhile shows, and changes nothing of the order. Pure.
 */
export function lifeRows(history: readonly Json[]): readonly (readonly string[])[] {
  let before: Json | undefined;
  return history.map((line) => {
    const row = [
      whenOf(line, before),
      afterOf(line, before),
      fieldText(line, "event"),
      detailOf(line, before),
    ];
    before = line;
    return row;
  });
}

/** The day is said where it begins. */
function whenOf(line: Json, before: Json | undefined): string {
  const [day = "", time = ""] = fieldText(line, "at").split("T");
  const clock = time.replace(/(\.\d\d\d)?\d*Z$/, "$1");
  return day === fieldText(before ?? {}, "at").split("T")[0] ? clock : `${day} ${clock}`;
}

function afterOf(line: Json, before: Json | undefined): string {
  if (before === undefined) return "";
  const span = Date.parse(fieldText(line, "at")) - Date.parse(fieldText(before, "at"));
  if (!Number.isFinite(span)) return "";
  if (span < 0) return `clock set back ${formatDuration(-span)}`;
  if (span < SECOND) return `+${Math.round(span)}ms`;
  return span < DAY && span < 10 * SECOND ? `+${(span / SECOND).toFixed(1)}s` : `+${formatDuration(span)}`;
}

type Say = (line: Json) => string;
const plain =
  (key: string, name = key): Say =>
  (line) => {
    const value = fieldText(line, key);
    return value === "" ? "" : `${name} ${value}`;
  };

/** What a line says, in this order. */
const SAYINGS: readonly Say[] = [
  (line) => [fieldText(line, "harness"), fieldText(line, "model")].filter(Boolean).join("/"),
  deliveryOf,
  (line) => (Number(line["attempt"] ?? 0) > 0 ? `try ${fieldText(line, "attempt")}` : ""),
  plain("generation"),
  (line) => (Number(line["tools"] ?? 0) > 0 ? `tools ${fieldText(line, "tools")}` : ""),
  plain("code", ""),
  plain("reason", ""),
  plain("detail", ""),
  (line) => (line["until"] === undefined ? "" : `until ${untilOf(line["until"])}`),
  plain("platformId", "as"),
  plain("replayOf", "rerun of"),
  plain("from"),
  plain("by"),
];
const SAID = new Set(
  "at event epoch turn harness model delivery kind part attempt generation tools code reason detail until notBefore platformId replayOf from by state".split(
    " ",
  ),
);

function detailOf(line: Json, before: Json | undefined): string {
  const known = SAYINGS.map((say) => say(line).trim()).filter((text) => text !== "");
  const more = Object.entries(line)
    .filter(([key]) => !SAID.has(key))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const epoch = fieldText(line, "epoch");
  const started =
    before !== undefined && fieldText(before, "epoch") !== epoch ? [`after a restart (${epoch})`] : [];
  return [...known, ...more, ...started].join(" · ");
}

function deliveryOf(line: Json): string {
  if (fieldText(line, "delivery") === "") return "";
  const part = fieldText(line, "part");
  return part === "" || part === "0"
    ? fieldText(line, "kind")
    : `${fieldText(line, "kind")} part ${Number(part) + 1}`;
}

function untilOf(until: unknown): string {
  return typeof until === "number" ? new Date(until).toISOString() : String(until);
}
