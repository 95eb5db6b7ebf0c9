import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { mask, type Masked } from "./mask.ts";

export const ROOT = path.resolve(import.meta.dirname, "../..");

/** One file of the repository, read once. */
export interface Source extends Masked {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** What a rule found: where, and what is wrong. */
export interface Finding {
  readonly path: string;
  readonly line?: number;
  readonly what: string;
}

const IGNORED = /(?:^|\/)(?:node_modules|dist|\.git|\.rollcall|\.out|results)(?:\/|$)/;

export function source(file: string, text: string): Source {
  return { path: file, text, ...mask(text) };
}

/** Every file that matches, without what is built, installed or measured. */
export function files(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: ROOT, exclude: (name) => IGNORED.test(name) })
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => !IGNORED.test(file))
    .sort();
}

export function read(file: string): string {
  return readFileSync(path.join(ROOT, file), "utf8");
}

export function sources(...patterns: string[]): Source[] {
  return files(...patterns).map((file) => source(file, read(file)));
}

export function show(findings: readonly Finding[]): string {
  return findings.map((f) => `  ${f.path}${f.line === undefined ? "" : `:${f.line}`}  ${f.what}`).join("\n");
}
