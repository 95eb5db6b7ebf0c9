import { InvariantBroken } from "../core/assert.ts";
import { EXIT, messageOf, RollcallError, type ExitCode } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Log } from "../ports/log.ts";

/** What happens to errors that nobody caught, and to an end that nobody asked for. */
export interface LastResort {
  /** Aborted by an error that nobody caught: the gateway stops as well as it can. */
  readonly signal: AbortSignal;
  /** That error; null while there is none. */
  fault(): RollcallError | null;
  /** The code that the gateway ends with. @throws RollcallError when such an error was the reason */
  orElse(end: ExitCode): ExitCode;
  /** The gateway ends by its own will from now on. */
  end(): void;
}

export interface LastResortDeps {
  readonly process: Pick<NodeJS.Process, "on" | "off" | "exit" | "exitCode">;
  readonly log: Log;
  /** The plugin that a stack trace leads to. */
  readonly ownerOf: (stack: string) => string | null;
  /** Whether the registry is sealed: before that, a plugin's stray error is a fault of the start. */
  readonly sealed: () => boolean;
  /** Told that the gateway ends by such an error. */
  readonly crashed: () => void;
}

/** How long a gateway may take to drain, to tell and to close after an error that nobody caught; then it just ends. */
const END_WITHIN: Duration = 15 * SECOND;

/**
 * A promise that was rejected and that nobody waits for is logged with its origin, and nothing else happens: who wrote
 * it sees its own work fail. An exception that nobody caught may have left anything half done: the gateway drains for
 * at most 5 s, alerts, and ends with exit 1, for its supervisor to start it again.
 */
export function createLastResort(deps: LastResortDeps): LastResort {
  const { process, log } = deps;
  const controller = new AbortController();
  let fault: RollcallError | null = null;

  const origin = (error: unknown): { readonly plugin: string | null; readonly at: string } => {
    const stack = error instanceof Error ? (error.stack ?? "") : "";
    const at = stack.split("\n").find((line) => /^\s+at /.test(line) && !line.includes("(node:"));
    return { plugin: deps.ownerOf(stack), at: at?.trim() ?? "unknown" };
  };
  const thrown = (error: unknown): void => {
    const { plugin, at } = origin(error);
    const who = plugin === null ? "" : ` in plugin "${plugin}"`;
    const line = `[gateway] CRITICAL: uncaught exception${who} ${at}: ${messageOf(error)}`;
    log.fatal("process.exception", { plugin, at, error }, line);
    if (fault !== null) return;
    fault = new RollcallError(plugin !== null && !deps.sealed() ? "plugin-failed" : "bug", {
      detail: line,
      cause: error,
    });
    deps.crashed();
    controller.abort("an uncaught exception");
    setTimeout(() => process.exit(fault?.exit ?? EXIT.bug), END_WITHIN).unref();
  };
  const rejected = (reason: unknown): void => {
    if (reason instanceof InvariantBroken) return thrown(reason);
    const { plugin, at } = origin(reason);
    const who = plugin === null ? "" : ` in plugin "${plugin}"`;
    const line = `[gateway] unhandled rejection${who} ${at}: ${messageOf(reason)}`;
    log.error("process.rejection", { plugin, at, error: reason }, line);
  };
  const ended = (code: number): void => {
    if (code !== EXIT.ok) return;
    const line = "[gateway] CRITICAL: the process is ended by code that called process.exit()";
    log.fatal("process.ended", { sealed: deps.sealed() }, line);
    process.exitCode = deps.sealed() ? EXIT.bug : EXIT.unresolved;
  };
  process.on("uncaughtException", thrown);
  process.on("unhandledRejection", rejected);
  process.on("exit", ended);
  return {
    signal: controller.signal,
    fault: () => fault,
    orElse(end) {
      if (fault !== null) throw fault;
      return end;
    },
    end() {
      process.off("uncaughtException", thrown);
      process.off("unhandledRejection", rejected);
      process.off("exit", ended);
    },
  };
}
