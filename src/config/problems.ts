import type { core, ZodType } from "zod";
import { didYouMean } from "../core/did-you-mean.ts";
import { visibleText } from "../core/visible-text.ts";
import { formatPath, valueAt, type KeyPath } from "./key-path.ts";

type Issue = core.$ZodIssue;
type RawIssue = core.$ZodRawIssue;

/**
 * The error map that schemas are parsed with. What isn't said by a schema itself is said here, in our words and
 * without the value: it may be a secret. For unknown keys the message carries the known ones, which the finished
 * issue doesn't, for {@link linesOf} to suggest from.
 */
export function describeIssue(issue: RawIssue): string | undefined {
  if (issue.code === "unrecognized_keys") return JSON.stringify(knownKeys(issue.inst));
  if (issue.code === "invalid_type") return `expected ${withArticle(String(issue.expected))}`;
  return undefined;
}

function knownKeys(inst: unknown): readonly string[] {
  const shape = (inst as Partial<ZodType> | undefined)?._zod?.def as { readonly shape?: object } | undefined;
  return Object.keys(shape?.shape ?? {}).filter((key) => !key.startsWith("$"));
}

/** One line for each problem: where, and what is wrong. `at` is the path of the section that was parsed. */
export function linesOf(issues: readonly Issue[], root: unknown, at: string): readonly string[] {
  return issues.flatMap((issue) => issueLines(issue, root, at, []));
}

function issueLines(issue: Issue, root: unknown, at: string, above: KeyPath): readonly string[] {
  const path = [...above, ...issue.path];
  const where = formatPath(at, path) || "the file";
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = readKnown(issue.message);
      return issue.keys.map(
        (key) => `${formatPath(at, [...path, key])}: unknown key${suggestion(key, known)}`,
      );
    }
    case "invalid_union": {
      const branch = bestBranch(issue.errors);
      // The union's own words stand for branches of which none comes near.
      if (branch === undefined) return [`${where}: ${sentence(issue.message)}`];
      return branch.flatMap((nested) => issueLines(nested, root, at, path));
    }
    case "invalid_key":
      return issue.issues.map((nested) => `${where}: not allowed as a name: ${sentence(nested.message)}`);
    case "invalid_element":
      return issue.issues.flatMap((nested) => issueLines(nested, root, at, path));
    case "invalid_value": {
      const value = valueAt(root, path);
      const allowed = issue.values.map(String);
      const near = typeof value === "string" ? suggestion(value, allowed) : "";
      return [`${where}: ${missing(value)}expected ${oneOf(issue.values)}${near}`];
    }
    case "invalid_type": {
      const value = valueAt(root, path);
      return [
        `${where}: ${missing(value)}${sentence(issue.message)}${value === undefined ? "" : `, found ${kindOf(value)}`}`,
      ];
    }
    default:
      return [`${where}: ${sentence(issue.message)}`];
  }
}

/** The one branch of a union that is worth explaining: it took the value's type, and found the fault further in. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const near = branches.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 && issue.code !== "invalid_type"),
  );
  return near.length === 1 ? near[0] : undefined;
}

function readKnown(message: string): readonly string[] {
  const known: unknown = JSON.parse(message);
  return Array.isArray(known) ? known.filter((key) => typeof key === "string") : [];
}

/** `; did you mean "model"?` when a known word is near, else nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = didYouMean(word, known);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

function missing(value: unknown): string {
  return value === undefined ? "missing; " : "";
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.map((value) => JSON.stringify(value));
  return shown.length === 1 ? String(shown[0]) : `one of ${shown.join(", ")}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return withArticle(Array.isArray(value) ? "array" : typeof value);
}

const NAMES: Readonly<Record<string, string>> = {
  array: "a list",
  tuple: "a list",
  object: "a mapping of keys",
  record: "a mapping of keys",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function withArticle(type: string): string {
  return NAMES[type] ?? type;
}

/** A message as the end of a line: its first letter small, no full stop, one line. */
function sentence(message: string): string {
  const line = visibleText(message.replaceAll("\n", " ")).slice(0, 200).replace(/\.$/, "");
  return /^[A-Z][a-z]/.test(line) ? line.charAt(0).toLowerCase() + line.slice(1) : line;
}
