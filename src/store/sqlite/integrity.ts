/**
 * The look at everything, in slices: rows against their hashes, histories along their chains, entries against the lines
 * that tell of them, and rows against every index that should find them. What is unfinished is set aside when it fails.
 *
 * Keeps: I15.
 */
import type { IntegrityStore } from "../../ports/integrity.ts";
import { WAITING_STATES } from "../../core/entry.ts";
import { chainFault } from "./chain.ts";
import type { StoreContext } from "./context.ts";
import { isDigested, wrongIndexes, type Looked } from "./index-look.ts";
import { cursorDamage, cursorHolds, type CursorRow } from "./notes.ts";
import { askForRebuild } from "./rebuild.ts";
import type { DeliveryRow, EntryRow, TurnRow } from "./rows.ts";
import { isIntact } from "./seals.ts";
import { deliveryAt, isSetAside } from "./set-aside.ts";
import { turnRow } from "./turn-fence.ts";

/** One slice of one walk. Returns where it goes on; null when it came to its end. */
type Walk = (context: StoreContext, after: string | number, rows: number) => Slice;

interface Slice {
  readonly rows: number;
  readonly next: string | number | null;
}

/** In this order, again and again. */
const WALKS: readonly { readonly from: string | number; readonly walk: Walk }[] = [
  { from: 0, walk: walkEntries },
  { from: 0, walk: walkTurns },
  { from: 0, walk: walkDeliveries },
  { from: -1, walk: walkDigests },
  { from: "", walk: walkDeliveryIds },
  { from: "", walk: walkCursors },
];

const NOT_FOUND = "a row isn't where it should be found";

export function createIntegrity(context: StoreContext): IntegrityStore {
  let walking = 0;
  let after: string | number | null = null;
  let looked = 0;
  let damages = 0;
  context.damages.watch(() => void (damages += 1));
  return {
    onDamage: (watch) => context.damages.watch(watch),
    async scan(rows) {
      const { from, walk } = WALKS[walking] ?? { from: 0, walk: () => ({ rows: 0, next: null }) };
      const slice = walk(context, after ?? from, rows);
      looked += slice.rows;
      after = slice.next;
      if (after !== null) return null;
      walking = (walking + 1) % WALKS.length;
      if (walking !== 0) return null;
      const pass = { rows: looked, damages };
      looked = 0;
      damages = 0;
      return pass;
    },
    async scanUnfinished() {
      const entries = WAITING_STATES.flatMap((state) =>
        context.db.all<EntryRow>("SELECT * FROM entries WHERE state = ?", state),
      );
      for (const row of entries) lookAtEntry(context, row);
      const open = context.db.all<DeliveryRow>(
        "SELECT * FROM deliveries WHERE state NOT IN ('sent', 'dead')",
      );
      context.vet.deliveries(open);
      return entries.length + open.length;
    },
  };
}

function sliceOf<Row>(rows: readonly Row[], most: number, at: (row: Row) => string | number): Slice {
  const last = rows.at(-1);
  return { rows: rows.length, next: rows.length < most || last === undefined ? null : at(last) };
}

function walkEntries(context: StoreContext, after: string | number, most: number): Slice {
  const sql = "SELECT * FROM entries NOT INDEXED WHERE seq > ? ORDER BY seq LIMIT ?";
  const rows = context.db.all<EntryRow>(sql, after, most);
  const whole = rows.filter((row) => lookAtEntry(context, row));
  const known = whole.every((row) => isDigested(context, row));
  if (!known) doubtIndex(context, "digests", NOT_FOUND);
  // Damaged rows are in nobody's index: then what their slice shows says nothing of the index.
  if (whole.length === rows.length) lookAtIndexes(context, "entries", Number(after), most);
  return sliceOf(rows, most, ({ seq }) => seq);
}

/** Whether an entry is as it was written, and its history and turn are. */
function lookAtEntry(context: StoreContext, row: EntryRow): boolean {
  const { vet } = context;
  // What was found before stays as it is, and was told.
  if (isSetAside(context, row)) return false;
  if (!isIntact(row)) return vet.entries([row]).length > 0;
  const fault = chainFault(context, row);
  if (fault !== null) vet.doubt(row, "history", fault);
  const turn = row.turn === null ? undefined : turnRow(context, row.turn);
  if (row.turn !== null && turn === undefined) vet.doubt(row, "turn", `its turn ${row.turn} is gone`);
  if (turn !== undefined && !vet.turn(turn))
    vet.doubt(row, "turn", `its turn ${turn.id} isn't as it was written`);
  return true;
}

function walkTurns(context: StoreContext, after: string | number, most: number): Slice {
  const sql = "SELECT rowid AS n, * FROM turns NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT ?";
  const rows = context.db.all<TurnRow & { n: number }>(sql, after, most);
  const whole = rows.filter((row) => context.vet.turn(row));
  if (whole.length === rows.length) lookAtIndexes(context, "turns", Number(after), most);
  return sliceOf(rows, most, ({ n }) => n);
}

function walkDeliveries(context: StoreContext, after: string | number, most: number): Slice {
  const sql = "SELECT * FROM deliveries NOT INDEXED WHERE seq > ? ORDER BY seq LIMIT ?";
  const rows = context.db.all<DeliveryRow>(sql, after, most);
  const whole = context.vet.deliveries(rows);
  if (whole.length === rows.length) lookAtIndexes(context, "deliveries", Number(after), most);
  return sliceOf(rows, most, ({ seq }) => seq);
}

function lookAtIndexes(context: StoreContext, table: Looked, after: number, most: number): void {
  for (const index of wrongIndexes(context, table, after, most)) doubtIndex(context, index, NOT_FOUND);
}

function doubtIndex(context: StoreContext, id: string, detail: string): void {
  if (!context.damages.report({ part: "index", id, detail, setAside: false })) return;
  context.committer.write(() => askForRebuild(context)).catch(() => undefined);
}

/** Every key that was accepted has its entry: so a row that vanished from the table is missed. */
function walkDigests(context: StoreContext, after: string | number, most: number): Slice {
  const { db, damages } = context;
  const rows = db.all<{ digest: number; seq: number; held: number | null }>(
    `SELECT d.digest, d.seq, (SELECT e.digest FROM entries e NOT INDEXED WHERE e.seq = d.seq) AS held
     FROM digests d WHERE d.digest > ? ORDER BY d.digest LIMIT ?`,
    after,
    most,
  );
  for (const { digest, seq, held } of rows) {
    if (held === digest) continue;
    const detail = held === null ? "its message isn't in the table" : "its message has another key";
    damages.report({ part: "digest", id: String(seq), detail, setAside: false });
  }
  return sliceOf(rows, most, ({ digest }) => digest);
}

/** Every delivery that the index knows is in the table. */
function walkDeliveryIds(context: StoreContext, after: string | number, most: number): Slice {
  const sql = "SELECT id, seq FROM deliveries WHERE id > ? ORDER BY id LIMIT ?";
  const rows = context.db.all<{ id: string; seq: number }>(sql, after, most);
  for (const { id, seq } of rows) {
    if (deliveryAt(context, seq)?.id !== id)
      doubtIndex(context, "deliveries.id", "it leads to another row, or to none");
  }
  return sliceOf(rows, most, ({ id }) => id);
}

/** There are a few. */
function walkCursors({ db, damages }: StoreContext): Slice {
  const rows = db.all<CursorRow>("SELECT * FROM cursors");
  for (const row of rows) if (!cursorHolds(row)) damages.report(cursorDamage(row));
  return { rows: rows.length, next: null };
}
