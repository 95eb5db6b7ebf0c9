import type { Entry } from "../../core/entry.ts";
import type { MessageId, TurnId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import type { Tx } from "./context.ts";
import { whyUndelivered } from "./dead-letters.ts";
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
  const why = ends.dead > 0 ? whyUndelivered(tx, turn) : undefined;
  const to = ends.dead > 0 ? "dead" : "done";
  return ids.flatMap((id) => finishEntry(tx, { id, turn, to, why }, at));
}

/** A control entry is done when its answers are at their end: that nobody could be told doesn't undo a command. */
export function finishControl(tx: Tx, entry: MessageId, at: Instant): readonly Entry[] {
  const ends = tx.db.get<{ open: number }>(
    `SELECT count(*) AS open FROM deliveries
     WHERE entry = ? AND turn IS NULL AND kind IN ('reply', 'command') AND state NOT IN ('sent', 'dead')`,
    entry,
  );
  return ends === undefined || ends.open > 0
    ? []
    : finishEntry(tx, { id: entry, turn: null, to: "done" }, at);
}

interface End {
  readonly id: MessageId;
  readonly turn: TurnId | null;
  readonly to: "done" | "dead";
  readonly why?: Readonly<Record<string, unknown>> | undefined;
}

function finishEntry(tx: Tx, { id, turn, to, why }: End, at: Instant): readonly Entry[] {
  const row = entryRow(tx, id);
  if (row?.state !== "answered" || row.turn !== turn) return [];
  stepEntry(tx, row, to, {}, { at, event: to, ...(why !== undefined && { data: why }) });
  return [entryOf({ ...row, state: to, hold: null })];
}
