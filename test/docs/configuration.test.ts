import assert from "node:assert/strict";
import { test } from "node:test";
import { complete } from "../../src/config/complete.ts";
import { configJsonSchema } from "../../src/config/schema.ts";
import { formatDuration } from "../../src/core/time.ts";
import { refresh, tableOf } from "./tables.ts";

const PAGE = "docs/guides/configuration.md";
const DURATION = " A number with a unit: ms, s, m, h or d.";

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
}

/** Every key that is explained in the schema, by its path. `agents.defaults` has the keys of an agent again. */
function keysOf(node: Node, path: string): { readonly path: string; readonly node: Node }[] {
  if (path === "$schema") return [];
  const below = [
    ...Object.entries(node.properties ?? {}).map(
      ([key, next]) => [path === "" ? key : `${path}.${key}`, next] as const,
    ),
    ...(node.items === undefined ? [] : [[`${path}[]`, node.items] as const]),
    ...(typeof node.additionalProperties === "object"
      ? [[`${path}.*`, node.additionalProperties] as const]
      : []),
  ];
  const own = node.description === undefined ? [] : [{ path, node }];
  return [...own, ...(path === "agents.defaults" ? [] : below.flatMap(([key, next]) => keysOf(next, key)))];
}

const defaults = complete({}, { baseDir: "/", workspaces: "/" });

function defaultOf(path: string, isDuration: boolean): string {
  const trail = path
    .replaceAll("[]", ".0")
    .split(".")
    .filter((part) => part !== "");
  let value: unknown = defaults;
  for (const key of trail)
    value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  if (value === undefined || (typeof value === "object" && value !== null && !Array.isArray(value)))
    return "";
  if (Array.isArray(value) && value.some((item) => typeof item === "object")) return "";
  if (path.endsWith(".id") || path.endsWith(".workspace")) return "";
  return `\`${JSON.stringify(isDuration && typeof value === "number" ? formatDuration(value).replace(" ", "") : value)}\``;
}

const rows = keysOf(configJsonSchema(), "").map(({ path, node }) => {
  const about = node.description ?? "";
  const choices = (node.enum ?? (node.const === undefined ? [] : [node.const])).map(
    (one) => `\`${JSON.stringify(one)}\``,
  );
  const isDuration = about.endsWith(DURATION);
  return [
    `\`${path}\``,
    isDuration ? "duration" : choices.join(" "),
    defaultOf(path, isDuration),
    about.replace(DURATION, "").replaceAll("|", "\\|"),
  ];
});
refresh(PAGE, "keys", rows, 1);

test("docs/guides/configuration.md has every key of the schema, with its default", () => {
  assert.deepEqual(tableOf(PAGE, "keys"), rows);
});
