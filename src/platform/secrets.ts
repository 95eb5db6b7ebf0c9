import { resolve as resolvePath } from "node:path";
import { codeOf, RollcallError } from "../core/errors.ts";
import type { SecretRef } from "../core/secret.ts";
import { visibleText } from "../core/visible-text.ts";
import type { Secrets } from "../ports/secrets.ts";
import { readSecretFile, runSecretCommand, type CommandResult } from "./secret-sources.ts";
import { createRedactor } from "./redact.ts";

/** What secrets are made of; the machine's own files and programs where nothing else is given. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @throws what the system says */
  readonly readFile?: (path: string) => Promise<string>;
  /** Runs a program to its end. Never rejects for what the program does; bounded by its own deadline. */
  readonly run?: (command: readonly [string, ...string[]]) => Promise<CommandResult>;
  /** Folder that relative file names start from; the working folder when absent. */
  readonly baseDir?: string;
}

/** Longest secret, in UTF-16 units: a file or a command that writes more is not one. */
const LONGEST = 64 * 1024;

/**
 * Secrets from the environment, files and commands. Values are trimmed; what is empty then is as if it weren't there.
 * Errors name the configuration key and the variable, file or program, and never a value.
 */
export function createSecrets(sources: SecretSources): Secrets {
  const redactor = createRedactor();
  return {
    async resolve(ref, at) {
      const value = (await read(sources, ref, at)).trim();
      if (value === "") throw unresolved(at, `${nameOf(ref)} is empty`);
      if (value.length > LONGEST) throw unresolved(at, `${nameOf(ref)} is longer than ${LONGEST} characters`);
      redactor.guard(value);
      return value;
    },
    guard: (value) => redactor.guard(value),
    redact: (text) => redactor.redact(text),
  };
}

async function read(sources: SecretSources, ref: SecretRef, at: string): Promise<string> {
  if (typeof ref === "string") return ref;
  if ("env" in ref) {
    const value = sources.env[ref.env];
    if (value === undefined) throw unresolved(at, `${nameOf(ref)} is not set`);
    return value;
  }
  if ("file" in ref) {
    const path = sources.baseDir === undefined ? ref.file : resolvePath(sources.baseDir, ref.file);
    try {
      return await (sources.readFile ?? readSecretFile)(path);
    } catch (error) {
      throw unresolved(at, `${nameOf(ref)} can't be read (${codeOf(error) ?? "unknown reason"})`, error);
    }
  }
  const { code, stdout, timedOut } = await (sources.run ?? runSecretCommand)(ref.command);
  if (timedOut) throw unresolved(at, `${nameOf(ref)} took too long`);
  if (code === null) throw unresolved(at, `${nameOf(ref)} could not be run`);
  if (code !== 0) throw unresolved(at, `${nameOf(ref)} ended with ${code}`);
  return stdout;
}

/** How errors name a reference. Of a command only the program: its arguments may hold what is nobody's business. */
function nameOf(ref: SecretRef): string {
  if (typeof ref === "string") return "the value";
  if ("env" in ref) return `the variable ${visibleText(ref.env)}`;
  if ("file" in ref) return `the file ${visibleText(ref.file)}`;
  return `the command ${visibleText(ref.command[0])}`;
}

function unresolved(at: string, detail: string, cause?: unknown): RollcallError {
  return new RollcallError("secret-unresolved", { at, detail: `${at}: ${detail}`, cause });
}
