import path from "node:path";
import { lineAt } from "./mask.ts";
import type { Source } from "./tree.ts";

export interface Import {
  readonly specifier: string;
  /** `import type` and `export type … from`: gone at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

// Matched against code whose strings are blanked to the same length, so that only real statements match.
const STATEMENT =
  /(?<![\w$.])(?:import|export)\s+(type\s)?(?:[\w$*{}\s,]+?\sfrom\s*|[\w$*{}\s,]*?\}\s*from\s*)?(["'])( *)\2/g;
const DYNAMIC = /(?<![\w$.])(?:import|new URL)\s*\(\s*()(["'])( *)\2/g;

/** Every import, re-export, dynamic import and file URL of a module, in order of the text. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  for (const pattern of [STATEMENT, DYNAMIC]) {
    for (const match of source.code.matchAll(pattern)) {
      const end = match.index + match[0].length - 1;
      const specifier = source.text.slice(end - (match[3] ?? "").length, end);
      found.push({
        specifier,
        typeOnly: match[1] !== undefined && match[1] !== "",
        line: lineAt(source.code, match.index),
      });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** The repository path that a relative specifier means; undefined for packages and built-in modules. */
export function target(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? path.posix.join(path.posix.dirname(from), specifier) : undefined;
}

/**
 * Cycles of modules, each once, as the list of its files. With `types`, imports of types count too: a cycle of types is
 * a missing word.
 */
export function cycles(sources: readonly Source[], types: "types" | "values"): string[][] {
  const graph = new Map(sources.map((s) => [s.path, edgesOf(s, types)] as const));
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at !== -1) found.push(trail.slice(at));
    if (at !== -1 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

function edgesOf(source: Source, types: "types" | "values"): string[] {
  return importsOf(source)
    .filter(({ typeOnly }) => types === "types" || !typeOnly)
    .flatMap(({ specifier }) => target(source.path, specifier) ?? []);
}

/** Files that no entry leads to. Any string that names an existing file is taken as a way to it. */
export function unreachable(sources: readonly Source[], entries: readonly string[]): string[] {
  const known = new Map(sources.map((s) => [s.path, s]));
  const seen = new Set<string>();
  const queue = [...entries];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    const found = known.get(file);
    if (found === undefined || seen.has(file)) continue;
    seen.add(file);
    for (const [, , text = ""] of found.uncommented.matchAll(/(["'`])([^"'`\n]+\.(?:ts|tsx|js))\1/g)) {
      queue.push(path.posix.join(path.posix.dirname(file), text), path.posix.normalize(text));
    }
  }
  return sources.map((s) => s.path).filter((file) => !seen.has(file));
}
