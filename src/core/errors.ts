import { ERRORS, type ErrorCode, type ExitCode } from "./error-table.ts";

export { ERRORS, EXIT, type ErrorCode, type ExitCode } from "./error-table.ts";

/** What an error says beyond its row in the table. */
export interface ErrorDetail {
  /** What exactly: the key, the path, the pid. For the operator; never shown in a chat. */
  readonly detail?: string;
  /** A better remedy than the table's, where one is known. */
  readonly fix?: string;
  /** Where in the input: a configuration key's path or a request's field. */
  readonly at?: string;
  readonly cause?: unknown;
}

/** The one error that our own code throws. Its code finds exit code, HTTP status, summary and remedy in the table. */
export class RollcallError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly at: string | undefined;
  readonly fix: string;

  constructor(code: ErrorCode, detail: ErrorDetail = {}) {
    const summary = ERRORS[code].summary;
    super(detail.detail === undefined ? summary : `${summary.replace(/\.$/, "")}: ${detail.detail}`, {
      cause: detail.cause,
    });
    this.name = "RollcallError";
    this.code = code;
    this.detail = detail.detail;
    this.at = detail.at;
    this.fix = detail.fix ?? ERRORS[code].fix;
  }

  get exit(): ExitCode {
    return ERRORS[this.code].exit;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** Turns whatever was thrown into our error: what is not ours is a bug, with the original as its cause. */
export function toRollcallError(thrown: unknown): RollcallError {
  if (thrown instanceof RollcallError) return thrown;
  return new RollcallError("bug", { detail: messageOf(thrown), cause: thrown });
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a system or library error (`ENOENT`), undefined when it has none. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
