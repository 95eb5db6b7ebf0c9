/**
 * Clears ended messages away: in slices, with everything that belongs to them, and counted in the same transaction.
 *
 * Keeps: I4 (what is unfinished is never cleared: the statements can't name it), I18 (what goes is counted as gone).
 */
import { CANARY_PREFIX } from "../../core/canary.ts";
import { ENDED_STATES, type EndedState } from "../../core/entry.ts";
import type { MessageId, TurnId } from "../../core/ids.ts";
import type { MessageBody } from "../../core/message.ts";
import type { Cleared, ClearedOne, ClearSlice, RetentionStore } from "../../ports/retention.ts";
import { keepKey } from "./cleared-keys.ts";
import type { StoreContext, Tx } from "./context.ts";
import { count } from "./counters.ts";
import { entryIdsOf, type EntryRow, type TurnRow } from "./rows.ts";
import { turnRow } from "./turn-fence.ts";

const ENDED = ENDED_STATES.map((state) => `'${state}'`).join(", ");
const WAITING = "state IN ('queued', 'held', 'running', 'answered')";

type EndedRow = EntryRow & { readonly state: EndedState };

export function createClearing({
  db,
  epoch,
  clock,
  committer,
}: StoreContext): Pick<RetentionStore, "clear" | "clearOne"> {
  const tx: Tx = { db, epoch };
  return {
    async clear(slice) {
      const run = (): Cleared => clearSlice(tx, slice, clock.now());
      return slice.dryRun === true ? run() : committer.write(run);
    },
    async clearOne(id, dryRun) {
      const run = (): ClearedOne | false | null => clearOne(tx, id, dryRun, clock.now());
      return dryRun ? run() : committer.write(run);
    },
  };
}

function clearSlice(tx: Tx, slice: ClearSlice, now: number): Cleared {
  const rows = slice.canaries === true ? canaries(tx, slice) : inOrder(tx, slice);
  const gone = rows.filter((row) => row.accepted_at < slice.before && endedBefore(tx, row, slice.before));
  const cleared = gone.filter((row) => isOver(tx, row));
  const files = cleared.flatMap(filesOf);
  if (slice.dryRun !== true) for (const row of cleared) clearEntry(tx, row, now);
  const last = rows.at(-1);
  const more = rows.length === slice.rows && rows.some((row) => row.accepted_at < slice.before);
  return { count: cleared.length, files, next: more && last !== undefined ? last.seq : null };
}

/** By the index of states: what is unfinished isn't even looked at. */
function inOrder({ db }: Tx, { state, after, rows }: ClearSlice): readonly EndedRow[] {
  const sql = `SELECT * FROM entries WHERE state = ? AND state IN (${ENDED}) AND seq > ? ORDER BY seq LIMIT ?`;
  return db.all<EndedRow>(sql, state, after, rows);
}

/** By the index of conversations; there are never many. The latest of each tells when the next is due. */
function canaries({ db }: Tx, { state, after, before, rows }: ClearSlice): readonly EndedRow[] {
  return db.all<EndedRow>(
    `SELECT * FROM entries AS one INDEXED BY entries_conversation
     WHERE channel = 'web' AND account = 'default' AND conversation >= ? AND conversation < ?
       AND state = ? AND state IN (${ENDED}) AND seq > ? AND accepted_at < ?
       AND EXISTS (SELECT 1 FROM entries AS later INDEXED BY entries_conversation WHERE later.channel = one.channel
         AND later.account = one.account AND later.conversation = one.conversation AND later.seq > one.seq)
     ORDER BY seq LIMIT ?`,
    CANARY_PREFIX,
    `${CANARY_PREFIX}\u{10ffff}`,
    state,
    after,
    before,
    rows,
  );
}

function clearOne(tx: Tx, id: MessageId, dryRun: boolean, now: number): ClearedOne | false | null {
  const known = tx.db.get<{ id: MessageId }>("SELECT id FROM entries WHERE id = ?", id);
  if (known === undefined) return null;
  const row = tx.db.get<EndedRow>(`SELECT * FROM entries WHERE id = ? AND state IN (${ENDED})`, id);
  if (row === undefined || !isOver(tx, row)) return false;
  if (!dryRun) clearEntry(tx, row, now);
  return { state: row.state, files: filesOf(row) };
}

/** A message that waited for long has only just ended. */
function endedBefore({ db }: Tx, { id }: EndedRow, before: number): boolean {
  const sql = "SELECT max(at) AS at FROM history WHERE entry = ?";
  return (db.get<{ at: number | null }>(sql, id)?.at ?? 0) < before;
}

/** Nothing is still to be sent for it, and its turn has no entry that goes on. */
function isOver(tx: Tx, { id, turn }: EndedRow): boolean {
  const open = tx.db.get<{ n: number }>(
    `SELECT count(*) AS n FROM deliveries WHERE entry = ? AND state NOT IN ('sent', 'dead')`,
    id,
  );
  if (open === undefined || open.n > 0) return false;
  const row = turn === null ? undefined : turnRow(tx, turn);
  return row === undefined || turnIsOver(tx, row);
}

/** Whether no entry of a turn and no delivery of it is unfinished. */
function turnIsOver(tx: Pick<Tx, "db">, row: TurnRow): boolean {
  const open = tx.db.get<{ n: number }>(
    `SELECT count(*) AS n FROM deliveries WHERE turn = ? AND state NOT IN ('sent', 'dead')`,
    row.id,
  );
  if (open === undefined || open.n > 0) return false;
  return entryIdsOf(row).every(
    (id) => tx.db.get(`SELECT 1 AS found FROM entries WHERE id = ? AND ${WAITING}`, id) === undefined,
  );
}

function clearEntry(tx: Tx, row: EndedRow, now: number): void {
  const { db } = tx;
  if (db.run(`DELETE FROM entries WHERE seq = ? AND state IN (${ENDED})`, row.seq) !== 1) return;
  db.run("DELETE FROM history WHERE entry = ?", row.id);
  db.run("DELETE FROM deliveries WHERE entry = ? AND turn IS NULL", row.id);
  if (row.turn !== null) clearTurn(tx, row.turn);
  // Nobody sends a canary twice.
  if (!row.conversation.startsWith(CANARY_PREFIX)) keepKey(tx, row, now);
  count(tx, `entries:${row.state}`, -1);
  count(tx, `purged:${row.state}`, 1);
}

/** A turn goes with the last of its entries, and what was sent for it goes along. */
export function clearTurn(tx: Tx, id: TurnId): boolean {
  const row = turnRow(tx, id);
  if (row === undefined || !turnIsOver(tx, row)) return false;
  const kept = entryIdsOf(row).some(
    (entry) => tx.db.get("SELECT 1 AS found FROM entries WHERE id = ?", entry) !== undefined,
  );
  if (kept) return false;
  tx.db.run("DELETE FROM deliveries WHERE turn = ?", id);
  tx.db.run("DELETE FROM turns WHERE id = ?", id);
  return true;
}

function filesOf({ body }: EndedRow): readonly string[] {
  return blobKeysOf(body);
}

/** Keys of the files in our own folder that a message's stored body names. */
export function blobKeysOf(body: string): readonly string[] {
  const { attachments } = JSON.parse(body) as MessageBody;
  return attachments.flatMap(({ source }) => (source.kind === "blob" ? [source.key] : []));
}
