import { ERRORS, type ErrorCode, type RollcallError } from "../core/errors.ts";

/** An error as RFC 9457 writes it (`application/problem+json`), with our code, the place, and the remedy. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: ErrorCode;
  /** The field or parameter that is meant. */
  readonly at?: string;
  readonly fix: string;
  /** For a bug: what to look for in the log. */
  readonly id?: string;
  readonly reasons?: readonly { readonly code: string; readonly detail: string }[];
}

/** Writes an error for its reader. Of a bug nothing but the id is told: its details are in the log alone. */
export function problemOf(error: RollcallError, extra: Pick<Problem, "id" | "reasons"> = {}): Problem {
  return {
    type: `urn:rollcall:error:${error.code}`,
    title: ERRORS[error.code].summary,
    status: error.status,
    ...(error.code !== "bug" && error.detail !== undefined && { detail: error.detail }),
    code: error.code,
    ...(error.at !== undefined && { at: error.at }),
    fix: error.fix,
    ...extra,
  };
}
