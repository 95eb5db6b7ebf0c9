import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT, type Finding, type Source } from "./tree.ts";

/** Bounds of the house. A factory counts with everything in it, since that is what has to be read. */
export const SIZES = {
  fileLines: 300,
  fileMedian: 80,
  functionLines: 70,
  mostFunctionLines: 45,
  most: 0.99,
} as const;

export interface Measured {
  readonly path: string;
  readonly line: number;
  readonly name: string;
  readonly lines: number;
}

/** Lines of a text, without the end of its last line. */
export function linesOf(text: string): number {
  return text.replace(/\n$/, "").split("\n").length;
}

export function fileSizeFindings(sources: readonly Source[]): Finding[] {
  return sources
    .filter((s) => linesOf(s.text) > SIZES.fileLines)
    .map((s) => ({ path: s.path, what: `${linesOf(s.text)} lines, more than ${SIZES.fileLines}` }));
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/**
 * Measures every function. The linter's own parser does it: its rule on long functions is set to no lines at all, so
 * that it names each.
 */
export function measureFunctions(...targets: string[]): Measured[] {
  const dir = mkdtempSync(path.join(os.tmpdir(), "rollcall-tidy-"));
  try {
    const config = path.join(dir, "sizes.json");
    const rule = ["error", { max: 0, skipBlankLines: false, skipComments: false, IIFEs: true }];
    writeFileSync(
      config,
      JSON.stringify({ categories: { correctness: "off" }, rules: { "max-lines-per-function": rule } }),
    );
    const linter = path.join(ROOT, "node_modules/oxlint/bin/oxlint");
    const run = spawnSync(process.execPath, [linter, "-c", config, "--format", "json", ...targets], {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 1 << 27,
    });
    return measured(run.stdout);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Report {
  readonly diagnostics: readonly {
    readonly message: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

function measured(json: string): Measured[] {
  const report = JSON.parse(json) as Report;
  return report.diagnostics.map((d) => ({
    path: d.filename,
    line: d.labels[0]?.span.line ?? 0,
    name: /`([^`]+)`/.exec(d.message)?.[1] ?? "anonymous function",
    lines: Number(/\((\d+)\)/.exec(d.message)?.[1]),
  }));
}

/** Functions that are too long, and those beyond the share that may be long at all. */
export function functionFindings(all: readonly Measured[]): Finding[] {
  const long = all.filter((f) => f.lines > SIZES.mostFunctionLines).sort((a, b) => b.lines - a.lines);
  const allowed = Math.floor(all.length * (1 - SIZES.most));
  const crowd = long.length > allowed ? long : long.filter((f) => f.lines > SIZES.functionLines);
  return crowd.map((f) => ({
    path: f.path,
    line: f.line,
    what:
      f.lines > SIZES.functionLines
        ? `${f.name} has ${f.lines} lines, more than ${SIZES.functionLines}`
        : `${f.name} has ${f.lines} lines; ${long.length} of ${all.length} functions are beyond ${SIZES.mostFunctionLines}, ${allowed} may be`,
  }));
}
