import { DELIVERY_STATES } from "../../core/delivery.ts";
import { ENTRY_STATES, type EntryState } from "../../core/entry.ts";
import type { Instant } from "../../core/time.ts";
import { writeStep } from "./chain.ts";
import type { Tx } from "./context.ts";
import { count } from "./counters.ts";
import { followDead } from "./dead-letters.ts";
import { appendHistory, entryAt } from "./entry-steps.ts";
import { finishDelivered } from "./finish.ts";
import type { DeliveryRow, EntryRow } from "./rows.ts";
import { patchDelivery } from "./seals.ts";

/** States in which an entry is still to run: what is answered has its answer on the way. */
const TO_RUN: readonly EntryState[] = ["queued", "held", "running"];

/** Quarantines an entry that can't be trusted, if it would still run. Its row is left as it is otherwise. */
export function setEntryAside(tx: Tx, seq: number, detail: string, at: Instant): boolean {
  const row = entryAt(tx, seq);
  if (row === undefined) return false;
  const was = recordedState(tx, row);
  if (!TO_RUN.includes(was)) return false;
  const line = { at, event: "quarantined", data: { code: "store-corrupt", detail } };
  writeStep(tx, row, { state: "quarantined", hold: null }, line);
  count(tx, `entries:${was}`, -1);
  count(tx, "entries:quarantined", 1);
  followDead(tx, { ...row, state: was }, "quarantined", line);
  return true;
}

/** Whether an entry was set aside before, as its last line says: it is known, and stays as it is. */
export function isSetAside({ db }: Pick<Tx, "db">, { id, state }: EntryRow): boolean {
  if (state !== "quarantined") return false;
  const last = db.get<{ event: string; data: string }>(
    "SELECT event, data FROM history WHERE entry = ? ORDER BY n DESC LIMIT 1",
    id,
  );
  return last?.event === "quarantined" && last.data.includes('"store-corrupt"');
}

/** The state that was written last, as far as history can tell: the row's own may be what is damaged. */
function recordedState({ db }: Tx, { id, state }: EntryRow): EntryState {
  const last = db.get<{ state: string }>(
    "SELECT state FROM history WHERE entry = ? ORDER BY n DESC LIMIT 1",
    id,
  );
  return (
    ENTRY_STATES.find((one) => one === last?.state) ?? ENTRY_STATES.find((one) => one === state) ?? "queued"
  );
}

/** The row itself, by its place in the table: no index has a say in it. */
export function deliveryAt({ db }: Pick<Tx, "db">, seq: number): DeliveryRow | undefined {
  return db.get<DeliveryRow>("SELECT * FROM deliveries NOT INDEXED WHERE seq = ?", seq);
}

/** Ends a delivery that can't be trusted, unsent, with whatever waits for it. */
export function setDeliveryAside(tx: Tx, seq: number, at: Instant): boolean {
  const row = deliveryAt(tx, seq);
  if (row === undefined || row.state === "sent" || row.state === "dead") return false;
  const known = DELIVERY_STATES.includes(row.state);
  patchDelivery(tx, row, { state: "dead" });
  if (row.entry !== null) {
    const data = { delivery: row.key, kind: row.kind, detail: "store-corrupt", attempt: row.attempts };
    appendHistory(tx, row.entry, { at, event: "delivery-dead", data });
  }
  if (known) finishDelivered(tx, row, at);
  return true;
}
