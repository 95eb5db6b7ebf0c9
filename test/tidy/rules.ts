import { lineAt } from "./mask.ts";
import type { Finding, Source } from "./tree.ts";

/** A rule that one pattern over code (comments and strings blanked) finds broken. */
interface PatternRule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly what: string;
}

export const PATTERN_RULES: readonly PatternRule[] = [
  {
    name: "bare error",
    pattern: /(?<![\w$.])new\s+Error\s*\(|\bthrow\s+Error\s*\(/g,
    what: "a bare Error says nothing to a program: RollcallError, or a named class",
  },
  {
    name: "empty catch",
    pattern: /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}|\.catch\(\s*(?:async\s*)?\([^)]*\)\s*=>\s*\{\s*\}\s*\)/g,
    what: "an empty catch hides a fault",
  },
  {
    name: "any",
    pattern: /(?::|<|\||&|,|=>|\bas\b|=)\s*any\b(?!\s*[:(.=\w?])/g,
    what: "`any` turns the compiler off: `unknown`",
  },
  { name: "default export", pattern: /(?<![\w$.])export\s+default\b/g, what: "exports have names" },
  {
    name: "erasable",
    pattern:
      /(?<![\w$.])(?:enum|namespace)\s+\w+\s*\{|\bconstructor\s*\([^)]*\b(?:public|private|protected|readonly)\s/g,
    what: "this syntax can't be erased",
  },
];

export function patternFindings(sources: readonly Source[], name: string): Finding[] {
  const rule = PATTERN_RULES.find((r) => r.name === name);
  if (rule === undefined) return [{ path: "test/tidy/rules.ts", what: `no rule ${name}` }];
  return sources.flatMap((s) =>
    [...s.code.matchAll(rule.pattern)].map((m) => ({
      path: s.path,
      line: lineAt(s.code, m.index),
      what: rule.what,
    })),
  );
}

/** Switched-off checks: never for types, and for lint only with a reason. */
export function suppressionFindings(sources: readonly Source[]): Finding[] {
  return sources.flatMap((s) =>
    [...s.comments.matchAll(/@ts-\w+|(?:ox|es)lint-disable[^\n]*/g)]
      .filter((m) => m[0].startsWith("@ts-") || !/ -- \S/.test(m[0]))
      .map((m) => ({
        path: s.path,
        line: lineAt(s.text, m.index),
        what: `switched off without a reason: ${m[0].trim()}`,
      })),
  );
}

const BANNED = [
  "manager",
  "managers",
  "helper",
  "helpers",
  "util",
  "utils",
  "service",
  "services",
  "common",
  "misc",
];

/** Names that say nothing, and names that aren't kebab-case. */
export function nameFindings(paths: readonly string[]): Finding[] {
  return paths.flatMap((path) => {
    const found: Finding[] = [];
    const words = path.split(/[/.\-_]/).map((word) => word.toLowerCase());
    const banned = words.find((word) => BANNED.includes(word));
    if (banned !== undefined) found.push({ path, what: `“${banned}” says nothing about what it does` });
    const odd = path
      .split("/")
      .find((part) => part !== "README.md" && !/^\.?[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(part));
    if (odd !== undefined) found.push({ path, what: `${odd} is not kebab-case` });
    return found;
  });
}

const EXPORT =
  /^export\s+(?:declare\s+)?(?:async\s+)?(?:const|let|function\*?|class|abstract class|type|interface)\s+([\w$]+)/gm;

/** Exports of the words and the seams are explained where they stand. */
export function docstringFindings(sources: readonly Source[]): Finding[] {
  return sources.flatMap((s) =>
    [...s.code.matchAll(EXPORT)]
      .filter((m) => !documented(s, m.index))
      .map((m) => ({ path: s.path, line: lineAt(s.text, m.index), what: `${m[1] ?? ""} has no docstring` })),
  );
}

/** Whether the lines above end a docstring; formatter directives between don't count. */
function documented(s: Source, at: number): boolean {
  const above = s.text
    .slice(0, at)
    .replace(/(?:\n\/\/[^\n]*)+\n$/, "\n")
    .trimEnd();
  return above.endsWith("*/") && !/\n\s*\n$/.test(s.text.slice(0, at));
}

/**
 * Values exported from src that no other file mentions: dead, or not meant to be exported. Types may stand alone: they
 * name what an exported function takes and gives.
 */
export function deadExportFindings(sources: readonly Source[]): Finding[] {
  const words = new Map<string, Set<string>>();
  for (const s of sources) {
    for (const [word] of s.code.matchAll(/[\w$]+/g)) {
      const where = words.get(word) ?? new Set();
      words.set(word, where.add(s.path));
    }
  }
  return sources
    .filter((s) => s.path.startsWith("src/"))
    .flatMap((s) =>
      [...s.code.matchAll(EXPORT)]
        .filter((m) => !/\b(?:type|interface)\s/.test(m[0]) && (words.get(m[1] ?? "")?.size ?? 0) < 2)
        .map((m) => ({ path: s.path, line: lineAt(s.text, m.index), what: `nobody imports ${m[1] ?? ""}` })),
    );
}
