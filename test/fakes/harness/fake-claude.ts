import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What the fake does as a program; what it does in a turn is written into the prompt (see `script.ts`). */
export interface FakeClaudeControl {
  /** Answer to `--version`; null: it fails. */
  readonly version?: string | null;
  readonly loggedIn?: boolean;
  readonly authStatus?: "answers" | "hangs" | "unknown";
  /** What happens between the start and the handshake. */
  readonly start?: "ready" | "hangs" | "exits" | "garbage" | "logged-out";
}

/** One prompt, as the fake got it. */
export interface SeenPrompt {
  readonly pid: number;
  readonly session: string;
  /** The process had been started with `--resume`. */
  readonly resumed: boolean;
  readonly model: string | null;
  readonly instructions: string | null;
  readonly text: string;
  readonly images: readonly string[];
  readonly cwd: string;
}

/** One start of the program. */
export interface SeenStart {
  readonly pid: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface FakeClaude {
  /** For `harnesses.claude-cli.command`. */
  readonly command: string;
  /** For the gateway's environment: a PATH on which it is found as `claude`. */
  readonly env: Readonly<Record<string, string>>;
  prompts(): readonly SeenPrompt[];
  starts(): readonly SeenStart[];
  /** Tools that were run. */
  tools(): readonly { readonly name: string; readonly session: string }[];
  /** Changes how the program behaves from its next start on. */
  control(next: FakeClaudeControl): void;
}

export interface FakeClaudeOptions {
  readonly dir: string;
  /** Where its compiled code is kept: a start takes a third of the time then. */
  readonly cache?: string;
}

/**
 * Puts a program `claude` into `dir` that speaks the real one's protocol, keeps its sessions there, and writes down
 * what it gets. The same folder again is the same program, with its sessions.
 */
export function fakeClaude({ dir, cache }: FakeClaudeOptions): FakeClaude {
  const bin = path.join(dir, "bin");
  mkdirSync(path.join(dir, "sessions"), { recursive: true });
  mkdirSync(bin, { recursive: true });
  const program = fileURLToPath(new URL("claude.ts", import.meta.url));
  const command = path.join(bin, "claude");
  const compiled = cache === undefined ? "" : `export NODE_COMPILE_CACHE=${quote(cache)}\n`;
  const run = [process.execPath, program, dir].map(quote).join(" ");
  writeFileSync(command, `#!/bin/sh\n${compiled}exec ${run} "$@"\n`);
  chmodSync(command, 0o755);
  return {
    command,
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: dir },
    prompts: () => readLines(path.join(dir, "prompts.jsonl")) as SeenPrompt[],
    starts: () => readLines(path.join(dir, "starts.jsonl")) as SeenStart[],
    tools: () => readLines(path.join(dir, "tools.jsonl")) as { name: string; session: string }[],
    control: (next) => writeFileSync(path.join(dir, "control.json"), JSON.stringify(next)),
  };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function readLines(file: string): unknown[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}
