import { invariant } from "../../core/assert.ts";
import type { NewDelivery } from "../../core/delivery.ts";
import type { Instant } from "../../core/time.ts";
import type { EntryMove } from "../../ports/store.ts";
import type { Tx } from "./context.ts";
import { insertDelivery } from "./deliveries.ts";
import { assertEntryStep, expectEntry, stepEntry } from "./entry-steps.ts";
import { withdrawNotices } from "./withdraw.ts";
import { finishControl, finishTurn } from "./finish.ts";
import type { EntryRow } from "./rows.ts";
import { patchTurn } from "./seals.ts";
import { runningEntries, turnRow } from "./turn-fence.ts";

/** Bugs of the caller, found before anything is asked of the disk. @throws InvariantBroken */
export function assertMove({ id, from, attempt, to, hold }: EntryMove): void {
  assertEntryStep({ id, state: from, attempt }, to);
  invariant("I4", (to === "held") === (hold !== undefined), `${id} goes to ${to}, and a hold is for held`);
}

/** Writes one move of an entry that was checked to stand where the move begins. */
export function applyMove(tx: Tx, row: EntryRow, move: EntryMove, at: Instant): void {
  stepEntry(
    tx,
    row,
    move.to,
    {
      ...(move.hold !== undefined && { hold: move.hold }),
      ...(move.notBefore !== undefined && { notBefore: move.notBefore }),
      ...(leaves(tx, row, move) && { turn: null }),
    },
    { at, event: move.event, ...(move.data !== undefined && { data: move.data }) },
  );
  if (move.withdraw === true) withdrawNotices(tx, row, at);
}

/** A turn is answered once, and runs once: what is queued again after its answer, or while it runs on, begins a new one. */
function leaves(tx: Tx, row: EntryRow, move: EntryMove): boolean {
  if (move.leaveTurn === true) return true;
  if (move.to !== "queued" || row.turn === null) return false;
  const state = turnRow(tx, row.turn)?.state;
  return state === "answered" || (row.state !== "running" && state !== "ended");
}

/** Moves entries outside of a turn, all or nothing, with what is sent about it. @throws LOST */
export function moveEntries(
  tx: Tx,
  moves: readonly EntryMove[],
  deliveries: readonly NewDelivery[],
  at: Instant,
): true {
  const rows = moves.map((move) => ({ move, row: expectEntry(tx, { ...move, state: move.from }) }));
  for (const { row, move } of rows) applyMove(tx, row, move, at);
  for (const delivery of deliveries) insertDelivery(tx, delivery);
  for (const { row, move } of rows) {
    if (move.to === "answered") finishAnswered(tx, row, move, at);
    if (move.from === "running") endIfDeserted(tx, row);
  }
  return true;
}

/** An answer with nothing left to send is done at once: nothing else would end it. */
function finishAnswered(tx: Tx, row: EntryRow, move: EntryMove, at: Instant): void {
  if (row.turn === null || move.leaveTurn === true) finishControl(tx, row.id, at);
  else finishTurn(tx, row.turn, at);
}

/** An attempt whose last entry was taken out of it is over. */
function endIfDeserted(tx: Tx, { turn }: EntryRow): void {
  const row = turn === null ? undefined : turnRow(tx, turn);
  if (row === undefined || row.state === "answered" || runningEntries(tx, row).length > 0) return;
  patchTurn(tx, row, { state: "ended" });
}
