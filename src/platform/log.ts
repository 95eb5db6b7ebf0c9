import { join } from "node:path";
import { pino, type Logger } from "pino";
import { SECOND } from "../core/time.ts";
import type { Log, LogFields, LogLevel } from "../ports/log.ts";
import type { Secrets } from "../ports/secrets.ts";
import { cutText, logFields } from "./log-fields.ts";
import { createLogFile, type LogFile } from "./log-file.ts";
import { prettyLine, visibleJson } from "./log-line.ts";
import { createLogOutput } from "./log-output.ts";

export interface LogOptions {
  readonly format: "json" | "pretty";
  readonly secrets: Pick<Secrets, "redact">;
  readonly level: LogLevel;
  /** A second copy, always JSON, rotated. Absolute. */
  readonly file?: string;
  /** Whether pretty lines are coloured. */
  readonly color?: boolean;
  /** Where lines go; standard output when absent. Must not throw. */
  readonly write?: (line: string) => void;
  readonly now?: () => number;
}

/** The log that all others are children of. */
export interface RootLog extends Log {
  /** Closes the copy. */
  close(): void;
}

const FILE = { maxBytes: 10 * 1024 * 1024, files: 3, retryAfter: 10 * SECOND } as const;

/** The log's copy in a state directory. */
export function logFilePath(stateDir: string): string {
  return join(stateDir, "logs", "rollcall.jsonl");
}

/**
 * A log that writes before it returns: a line is out before whatever comes after it, a crash too. Secrets are taken
 * out of the finished line, so that no way of writing them gets past. Never throws, whatever happens to its readers.
 */
export function createLog(options: LogOptions): RootLog {
  const out = options.write ?? createLogOutput();
  const file = options.file === undefined ? undefined : openCopy(options.file);
  const now = options.now ?? Date.now;
  const write = (raw: string): void => {
    const line = visibleJson(options.secrets.redact(raw.trimEnd()));
    file?.write(`${line}\n`);
    out(`${options.format === "json" ? line : prettyLine(line, options.color === true)}\n`);
  };
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return { ...over(root, "gateway"), close: () => file?.close() };
}

function openCopy(path: string): LogFile {
  return createLogFile({ ...FILE, path, monotonic: () => performance.now() });
}

function over(root: Logger, component: string): Log {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields, message?: string): void => {
      if (!root.isLevelEnabled(level)) return;
      const line = { component, event, ...logFields(fields) };
      if (message === undefined) root[level](line);
      // Handed over as a value of its own: a percent sign in a message is no placeholder.
      else root[level]({ ...line, msg: cutText(message) });
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    child: (name) => over(root, name),
  };
}
