import type { Entry } from "../../core/entry.ts";
import type { MessageId, TurnId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import type { Tx } from "./context.ts";
import { entryRow, stepEntry } from "./entry-steps.ts";
import { entryIdsOf, entryOf, type DeliveryRow } from "./rows.ts";

interface Ends {
  readonly open: number;
  readonly dead: number;
}

/** Ends what a delivery held open, if it was the last: its turn's entries, or the control entry that it answers. */
export function finishDelivered(
  tx: Tx,
  delivery: Pick<DeliveryRow, "turn" | "entry">,
  at: Instant,
): readonly Entry[] {
  if (delivery.turn !== null) return finishTurn(tx, delivery.turn, at);
  return delivery.entry === null ? [] : finishControl(tx, delivery.entry, at);
}

/** A turn's entries are done when every part of its reply is sent, dead when all parts ended and one of them died. */
export function finishTurn(tx: Tx, turn: TurnId, at: Instant): readonly Entry[] {
  const ends = tx.db.get<Ends>(
    `SELECT coalesce(sum(state NOT IN ('sent', 'dead')), 0) AS open, coalesce(sum(state = 'dead'), 0) AS dead
     FROM deliveries WHERE turn = ? AND kind = 'reply'`,
    turn,
  );
  if (ends === undefined || ends.open > 0) return [];
  const row = tx.db.get<{ entries: string }>("SELECT entries FROM turns WHERE id = ?", turn);
  const ids = row === undefined ? [] : entryIdsOf(row);
  return ids.flatMap((id) => finishEntry(tx, id, turn, ends.dead > 0 ? "dead" : "done", at));
}

/** A control entry is done when its answers are at their end: that nobody could be told doesn't undo a command. */
export function finishControl(tx: Tx, entry: MessageId, at: Instant): readonly Entry[] {
  const ends = tx.db.get<{ open: number }>(
    `SELECT count(*) AS open FROM deliveries
     WHERE entry = ? AND turn IS NULL AND kind IN ('reply', 'command') AND state NOT IN ('sent', 'dead')`,
    entry,
  );
  return ends === undefined || ends.open > 0 ? [] : finishEntry(tx, entry, null, "done", at);
}

function finishEntry(
  tx: Tx,
  id: MessageId,
  turn: TurnId | null,
  to: "done" | "dead",
  at: Instant,
): readonly Entry[] {
  const row = entryRow(tx, id);
  if (row?.state !== "answered" || row.turn !== turn) return [];
  stepEntry(tx, row, to, {}, { at, event: to });
  return [entryOf({ ...row, state: to, hold: null })];
}
