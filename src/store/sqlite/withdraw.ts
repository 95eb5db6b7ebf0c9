import type { Instant } from "../../core/time.ts";
import type { Tx } from "./context.ts";
import { tell } from "./deliveries.ts";
import { entryRow } from "./entry-steps.ts";
import { entryIdsOf, type DeliveryRow, type EntryRow } from "./rows.ts";
import { patchDelivery } from "./seals.ts";
import { turnRow } from "./turn-fence.ts";

/** Keys of notices that say that a message came to its end unanswered. */
const FAILED = "(substr(key, 1, 4) = 'end:' OR substr(key, 1, 8) = 'expired:')";

/**
 * A message is tried again: nobody who wasn't told yet hears that it failed. A notice that speaks for a whole turn goes
 * out while another message of that turn is still dead.
 *
 * @param row as it was before the step
 */
export function withdrawNotices(tx: Tx, { id, turn }: EntryRow, at: Instant): void {
  const of = turn === null ? undefined : turnRow(tx, turn);
  const others = of === undefined ? [] : entryIdsOf(of).filter((other) => other !== id);
  if (others.some((other) => entryRow(tx, other)?.state === "dead")) return;
  const rows = tx.db.all<DeliveryRow>(
    `SELECT * FROM deliveries WHERE entry = ? AND kind = 'notice' AND state IN ('ready', 'retry-at') AND ${FAILED}
     UNION SELECT * FROM deliveries WHERE turn = ? AND kind = 'notice' AND state IN ('ready', 'retry-at') AND ${FAILED}`,
    id,
    turn,
  );
  for (const row of rows) {
    patchDelivery(tx, row, { state: "dead" });
    tell(tx, row, "withdrawn", at, {});
  }
}
