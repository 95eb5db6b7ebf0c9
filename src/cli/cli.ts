import { codeOf, EXIT, RollcallError, toRollcallError, type ExitCode } from "../core/errors.ts";
import { visibleText } from "../core/visible-text.ts";
import { quickStart } from "./quick-start.ts";
import type { Terminal } from "./terminal.ts";

/** Runs one command to its end and returns how the process should end. Never rejects. */
export async function runCli(terminal: Terminal): Promise<ExitCode> {
  try {
    const start = quickStart(terminal);
    if (start !== undefined) {
      const { run } = await import("./commands/start.ts");
      return await run(start);
    }
    const { runProgram } = await import("./program.ts");
    return await runProgram(terminal);
  } catch (error) {
    return report(terminal, error);
  }
}

/** Says what went wrong and how to mend it: one line, and above it one for each problem where there are several. */
export function report(terminal: Terminal, thrown: unknown): ExitCode {
  if (codeOf(thrown) === "ERR_MODULE_NOT_FOUND" && !(thrown instanceof RollcallError)) {
    terminal.err('rollcall: a package is missing; run "npm ci" in the program\'s folder\n');
    return EXIT.unresolved;
  }
  const error = toRollcallError(thrown);
  const [first = "", ...others] = error.message.split("\n");
  const problems = (error.detail ?? "").split("\n");
  if (others.length > 0) {
    for (const problem of problems) terminal.err(`  ${visibleText(problem)}\n`);
    terminal.err(`rollcall: ${problems.length} problems. ${error.fix}\n`);
  } else {
    const end = /[.!?]$/.test(first) ? "" : ".";
    terminal.err(`rollcall: ${visibleText(first)}${end} ${visibleText(error.fix)}\n`);
  }
  if (terminal.env["ROLLCALL_DEBUG"] !== undefined && error.stack !== undefined)
    terminal.err(`${error.stack}\n`);
  return error.exit;
}
