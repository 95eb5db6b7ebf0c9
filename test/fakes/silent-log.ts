import type { Log, LogFields, LogLevel } from "../../src/ports/log.ts";

/** One line as it was logged. */
export interface LoggedLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that keeps what it is told. */
export function createKeptLog(lines: LoggedLine[] = []): Log & { readonly lines: readonly LoggedLine[] } {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields): void =>
      void lines.push({ level, event, fields });
  return {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    fatal: at("fatal"),
    child: () => createKeptLog(lines),
  };
}

/** A log that nobody reads. */
export const silentLog: Log = createKeptLog();
