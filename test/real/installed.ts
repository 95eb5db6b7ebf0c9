import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const FOLDER = path.dirname(fileURLToPath(import.meta.url));

/**
 * Where the real Claude Code is, once it is installed. The package of this platform holds the program itself, so that
 * no install script has to run.
 */
export function claudeProgram(): string | undefined {
  const musl = process.platform === "linux" && !hasGlibc() ? "-musl" : "";
  const name = process.platform === "win32" ? "claude.exe" : "claude";
  const platform = `claude-code-${process.platform}-${process.arch}${musl}`;
  const file = path.join(FOLDER, "node_modules/@anthropic-ai", platform, name);
  return existsSync(file) ? file : undefined;
}

function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}

/**
 * Installs the real programs where they are missing. Undefined when they are there; else the reason why not, which is
 * the only one that a run may be skipped for: the registry can't be reached.
 */
export function installPrograms(): string | undefined {
  if (claudeProgram() !== undefined) return undefined;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { status, error } = spawnSync("npm", args, { cwd: FOLDER, stdio: "inherit", timeout: 300_000 });
  if (error !== undefined) return `npm can't be run: ${error.message}`;
  if (status !== 0)
    return `npm ci ended with ${status}: the registry can't be reached, or has no such version`;
  return claudeProgram() === undefined ? "the package has no program for this platform" : undefined;
}
