import { resolve } from "node:path";
import type { core, ZodType } from "zod";
import { RollcallError } from "../core/errors.ts";
import type { SecretRef } from "../core/secret.ts";
import type { KeyPath } from "./key-path.ts";
import { CONFIG_LIMITS } from "./limits.ts";
import { describeIssue, linesOf } from "./problems.ts";

/** Either the checked value, or every problem, one line each. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly problems: readonly string[];
      /** The value without its unknown keys, when these are all that is wrong. */
      readonly rest: T | null;
    };

/**
 * Checks one section of the configuration by its kind's own schema.
 *
 * @param at key path of the section, for the problems, e.g. `channels.telegram.accounts.default`
 * @throws RollcallError `config-invalid`, with every problem in `detail`, one line each
 */
export function parseSection<T>(schema: ZodType<T>, raw: unknown, at: string): T {
  const checked = check(schema, raw, at);
  if (checked.ok) return checked.value;
  throw invalid(checked.problems);
}

/** A secret's reference with its file's name absolute: relative ones start from the configuration's folder. Pure. */
export function anchorSecret(ref: SecretRef, baseDir: string): SecretRef {
  return typeof ref === "object" && "file" in ref ? { file: resolve(baseDir, ref.file) } : ref;
}

/** The error that says these problems. */
export function invalid(problems: readonly string[]): RollcallError {
  const shown = problems.slice(0, CONFIG_LIMITS.problems);
  const more = problems.length - shown.length;
  const lines = more === 0 ? shown : [...shown, `… and ${more} more`];
  const at = /^(\S+?): /.exec(lines[0] ?? "")?.[1];
  return new RollcallError("config-invalid", { detail: lines.join("\n"), ...(at !== undefined && { at }) });
}

/** As {@link parseSection}, without throwing. */
export function check<T>(schema: ZodType<T>, raw: unknown, at: string): Checked<T> {
  const free = withoutUnknown(schema, raw, (key) => key.startsWith("x-"));
  if (free.result.success) return { ok: true, value: free.result.data };
  const problems = linesOf(free.result.error.issues, free.input, at);
  const { result } = withoutUnknown(schema, free.input, () => true);
  return { ok: false, problems, rest: result.success ? result.data : null };
}

/**
 * Parses, takes out what the schema doesn't know and `drop` says may go, and parses again. The schema decides where
 * keys are free, so that a map of headers keeps its `x-token`. Bounded by the depth of a configuration.
 */
function withoutUnknown<T>(schema: ZodType<T>, raw: unknown, drop: (key: string) => boolean) {
  let input = raw;
  for (let pass = 0; ; pass++) {
    const result = schema.safeParse(input, { error: describeIssue });
    const unknown = result.success ? [] : unknownKeys(result.error.issues, []).filter((one) => drop(one.key));
    if (result.success || unknown.length === 0 || pass > CONFIG_LIMITS.depth) return { input, result };
    input = structuredClone(input);
    for (const one of unknown) remove(input, one.path, one.key);
  }
}

interface UnknownKey {
  readonly path: KeyPath;
  readonly key: string;
}

function unknownKeys(issues: readonly core.$ZodIssue[], above: KeyPath): readonly UnknownKey[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => ({ path, key }));
    if (issue.code === "invalid_union") return issue.errors.flatMap((branch) => unknownKeys(branch, path));
    return [];
  });
}

function remove(root: unknown, path: KeyPath, key: string): void {
  let value = root;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  if (typeof value === "object" && value !== null) Reflect.deleteProperty(value, key);
}
