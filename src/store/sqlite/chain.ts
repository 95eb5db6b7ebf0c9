/**
 * An entry's history: only appended, each line's hash over the line before it. The entry keeps the last hash, so that a
 * lost tail is seen, and each line keeps the state and attempt that the entry has after it, so that the one is held
 * against the other.
 *
 * Keeps: I15.
 */
import type { EntryState } from "../../core/entry.ts";
import type { Instant } from "../../core/time.ts";
import type { Tx } from "./context.ts";
import type { EntryRow } from "./rows.ts";
import { patchEntry, sealOf } from "./seals.ts";

/** One line of an entry's life, written with the step that it tells of. */
export interface Line {
  readonly at: Instant;
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Lines that one commit can number. */
const LINES_PER_COMMIT = 2 ** 20;

/** A line as it is stored. `n` rises over all entries: the number of its commit, and its own among the commit's lines. */
export interface LineRow {
  readonly entry: string;
  readonly n: number;
  readonly at: number;
  readonly epoch: number;
  readonly event: string;
  readonly data: string;
  readonly state: EntryState;
  readonly attempt: number;
  readonly hash: string;
}

export function lineHash(before: string, line: Omit<LineRow, "hash">): string {
  const { entry, n, at, epoch, event, data, state, attempt } = line;
  return sealOf([before, entry, n, at, epoch, event, data, state, attempt]);
}

/** What the first line follows: the entry in its place in the order. */
export function root({ seq, hash }: Pick<EntryRow, "seq" | "hash">): string {
  return sealOf([seq, hash]);
}

/** Makes the next line, for an entry that is as `after` says then, and writes it. Returns its hash. */
export function addLine(
  { db, epoch }: Tx,
  after: Pick<EntryRow, "id" | "seq" | "hash" | "chain" | "state" | "attempt">,
  { at, event, data = {} }: Line,
): string {
  const line = {
    entry: after.id,
    n: db.writing.commit * LINES_PER_COMMIT + db.writing.lines++,
    at,
    epoch,
    event,
    data: JSON.stringify(data),
    state: after.state,
    attempt: after.attempt,
  };
  const hash = lineHash(after.chain === "" ? root(after) : after.chain, line);
  db.run(
    "INSERT INTO history (entry, n, at, epoch, event, data, state, attempt, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    line.entry,
    line.n,
    at,
    epoch,
    event,
    line.data,
    line.state,
    line.attempt,
    hash,
  );
  return hash;
}

/**
 * Changes an entry and tells it in its history, in one. Returns the row as it stands then.
 *
 * @param row as it stands now, to the last line
 */
export function writeStep(
  tx: Tx,
  row: EntryRow,
  change: Parameters<typeof patchEntry>[2],
  line: Line,
): EntryRow {
  const chain = addLine(tx, { ...row, ...change }, line);
  return patchEntry(tx, row, { ...change, chain });
}

/** The lines of an entry up to the first that isn't as it was written, and what is wrong with them, if anything is. */
export function readChain(
  { db }: Pick<Tx, "db">,
  row: EntryRow,
): { readonly lines: readonly LineRow[]; readonly fault: string | null } {
  const lines = db.all<LineRow>("SELECT * FROM history WHERE entry = ? ORDER BY n", row.id);
  let before = root(row);
  for (const [index, line] of lines.entries()) {
    if (line.hash !== lineHash(before, line)) {
      return { lines: lines.slice(0, index), fault: "a line isn't the one that was written" };
    }
    before = line.hash;
  }
  return { lines, fault: before === row.chain ? tellsAnother(lines.at(-1), row) : "lines are missing" };
}

/** What is wrong with an entry's history; null when it is whole and says what the entry says. */
export function chainFault(tx: Pick<Tx, "db">, row: EntryRow): string | null {
  return readChain(tx, row).fault;
}

/** The same for the last line alone: what a page that was never written, or an older one, would show. */
export function tailFault({ db }: Pick<Tx, "db">, row: EntryRow): string | null {
  const last = db.get<LineRow>("SELECT * FROM history WHERE entry = ? ORDER BY n DESC LIMIT 1", row.id);
  return last?.hash === row.chain ? tellsAnother(last, row) : "the last line isn't the entry's";
}

function tellsAnother(last: LineRow | undefined, row: EntryRow): string | null {
  if (last?.state === row.state && last.attempt === row.attempt) return null;
  return "the last line tells of another state";
}
