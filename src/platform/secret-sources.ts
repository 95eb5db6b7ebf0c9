import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { SECOND } from "../core/time.ts";

/** How a program that tells a secret ended. */
export interface CommandResult {
  /** Null when the program could not be started, was killed, or took too long. */
  readonly code: number | null;
  readonly stdout: string;
  readonly timedOut: boolean;
}

/** A program that asks a vault, or a person for a passphrase, may take a while. */
const DEADLINE = 15 * SECOND;
const MOST_BYTES = 256 * 1024;

/** @throws what the system says */
export function readSecretFile(path: string): Promise<string> {
  return readFile(path, { encoding: "utf8", signal: AbortSignal.timeout(DEADLINE) });
}

/** Runs a program without a shell, in the gateway's own environment, and reads what it writes. Never rejects. */
export function runSecretCommand(command: readonly [string, ...string[]]): Promise<CommandResult> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const options = {
      timeout: DEADLINE,
      killSignal: "SIGKILL",
      maxBuffer: MOST_BYTES,
      encoding: "utf8",
    } as const;
    const child = execFile(program, args, options, (error, stdout) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ code, stdout: code === 0 ? stdout : "", timedOut: error?.killed === true });
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end();
  });
}
