import { messageOf, RollcallError, type ErrorCode } from "../../core/errors.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html); the extended ones carry them in their low byte. */
const RESULT = {
  busy: 5,
  locked: 6,
  nomem: 7,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  notadb: 26,
} as const;

function resultOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null || !("errcode" in thrown)) return undefined;
  return typeof thrown.errcode === "number" ? thrown.errcode & 0xff : undefined;
}

/** Faults of the disk or the file: whatever was being written, the whole transaction is in question. */
const OF_THE_DISK: readonly number[] = [
  RESULT.readonly,
  RESULT.ioerr,
  RESULT.corrupt,
  RESULT.cantopen,
  RESULT.notadb,
];

/**
 * What a fault means for a transaction: `store-full` (nothing happened, going on is fine), `store-io` (nothing may be
 * written any more), or undefined when it concerns one write only.
 */
export function writeFault(thrown: unknown): RollcallError | undefined {
  const result = resultOf(thrown);
  if (result === undefined) return undefined;
  if (result === RESULT.full) return wrap("store-full", thrown);
  return OF_THE_DISK.includes(result) ? wrap("store-io", thrown) : undefined;
}

/** What a fault means while the store is being opened. */
export function openFault(thrown: unknown): RollcallError {
  if (thrown instanceof RollcallError) return thrown;
  const result = resultOf(thrown);
  if (result === RESULT.busy || result === RESULT.locked) return wrap("store-held", thrown);
  if (result === RESULT.readonly || result === RESULT.cantopen) return wrap("state-unwritable", thrown);
  if (result === RESULT.full) return wrap("store-full", thrown);
  if (result === RESULT.ioerr) return wrap("store-io", thrown);
  return wrap("store-unreadable", thrown);
}

function wrap(code: ErrorCode, cause: unknown): RollcallError {
  return new RollcallError(code, { detail: messageOf(cause), cause });
}
