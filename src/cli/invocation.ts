import { RollcallError, type ExitCode } from "../core/errors.ts";
import { parseDuration, type Duration } from "../core/time.ts";
import type { Terminal } from "./terminal.ts";

/** One call of one command: its words and options, as they were typed, and the process around it. */
export interface Invocation {
  readonly terminal: Terminal;
  /** The command's words, e.g. `messages show`. */
  readonly command: string;
  readonly args: readonly string[];
  /** Value of an option; undefined when it wasn't given. */
  text(option: string): string | undefined;
  /** Values of an option that may stand several times. */
  texts(option: string): readonly string[];
  flag(option: string): boolean;
}

/** What a command's module gives: runs it and says how the process ends. @throws RollcallError */
export type Run = (invocation: Invocation) => Promise<ExitCode>;

/** @throws RollcallError `usage` */
export function wholeNumber(
  invocation: Invocation,
  option: string,
  min: number,
  max: number,
): number | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (number >= min && number <= max) return number;
  throw new RollcallError("usage", { detail: `--${option} takes a number from ${min} to ${max}` });
}

/** @throws RollcallError `usage` */
export function span(invocation: Invocation, option: string): Duration | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  throw new RollcallError("usage", { detail: `--${option} takes a duration, such as 30s or 5m` });
}

/** The one word that a command was given. The command line's own check has seen to it that it is there. */
export function onlyArg(invocation: Invocation): string {
  return invocation.args[0] ?? "";
}
