import { codeOf, messageOf, RollcallError, type ErrorCode } from "../../core/errors.ts";

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

/** A row's entry in an index isn't there: found when the row is to be changed, and a matter of that row. */
const CORRUPT_INDEX = 11 | (3 << 8);

function resultOf(thrown: unknown): number | undefined {
  // A number that none of ours can be: a page holds what was never written to it.
  if (codeOf(thrown) === "ERR_OUT_OF_RANGE") return RESULT.corrupt;
  if (typeof thrown !== "object" || thrown === null || !("errcode" in thrown)) return undefined;
  return typeof thrown.errcode === "number" ? thrown.errcode & 0xff : undefined;
}

/** Faults of the disk: whatever was being written, the whole transaction is in question. */
const OF_THE_DISK: readonly number[] = [RESULT.readonly, RESULT.ioerr, RESULT.cantopen];
/** Faults of the file: no transaction can be believed any more. */
const OF_THE_FILE: readonly number[] = [RESULT.corrupt, RESULT.notadb];

/**
 * What a fault means for a transaction: `store-full` (nothing happened, going on is fine), `store-io` or `store-corrupt`
 * (nothing may be written any more), or undefined when it concerns one write only.
 */
export function writeFault(thrown: unknown): RollcallError | undefined {
  const result = resultOf(thrown);
  if (result === undefined || isIndexFault(thrown)) return undefined;
  if (OF_THE_FILE.includes(result)) return wrap("store-corrupt", thrown);
  if (result === RESULT.full) return wrap("store-full", thrown);
  return OF_THE_DISK.includes(result) ? wrap("store-io", thrown) : undefined;
}

function isIndexFault(thrown: unknown): boolean {
  return (
    typeof thrown === "object" && thrown !== null && "errcode" in thrown && thrown.errcode === CORRUPT_INDEX
  );
}

/** What it means for the write of one row that an index doesn't know the row; undefined for any other fault. */
export function indexFault(thrown: unknown): RollcallError | undefined {
  return isIndexFault(thrown) ? wrap("store-corrupt", thrown) : undefined;
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
