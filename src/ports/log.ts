/** How urgent a line is: `fatal` means that the process ends. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "fatal";
/** What a line carries beside its message. Values must be plain data. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * One JSON line per call: time, level, component, event, the fields, the message. `event` is a dotted name that tools
 * can rely on, e.g. `turn.started`. Known secrets are taken out by value.
 */
export interface Log {
  debug(event: string, fields: LogFields, message?: string): void;
  info(event: string, fields: LogFields, message?: string): void;
  warn(event: string, fields: LogFields, message?: string): void;
  error(event: string, fields: LogFields, message?: string): void;
  fatal(event: string, fields: LogFields, message?: string): void;
  /** The same log under another component's name. */
  child(component: string): Log;
}
