import { formatAddress } from "../../core/address.ts";
import { invariant } from "../../core/assert.ts";
import { DELIVERY_STEPS, type DeliveryState, type NewDelivery } from "../../core/delivery.ts";
import type { Entry } from "../../core/entry.ts";
import type { MessageId } from "../../core/ids.ts";
import type { OutboxStore } from "../../ports/store.ts";
import { LOST } from "./committer.ts";
import type { StoreContext, Tx } from "./context.ts";
import { appendHistory, entryRow } from "./entry-steps.ts";
import { finishDelivered } from "./finish.ts";
import { deliveryOf, type DeliveryRow } from "./rows.ts";

/** Stores a delivery as `ready`. One whose key is known is left as it is; returns whether it was new. */
export function insertDelivery({ db }: Tx, delivery: NewDelivery): boolean {
  const changed = db.run(
    `INSERT INTO deliveries (id, key, kind, address, entry, turn, part, created_at, state, attempts, in_doubt, not_before,
       platform_id, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'ready', 0, 0, ?, NULL, ?) ON CONFLICT (key) DO NOTHING`,
    delivery.id,
    delivery.key,
    delivery.kind,
    formatAddress(delivery.address),
    delivery.entry,
    delivery.turn,
    delivery.part,
    delivery.createdAt,
    delivery.createdAt,
    JSON.stringify(delivery.body),
  );
  return changed === 1;
}

type Settled = Parameters<OutboxStore["settle"]>[2];

const SETTLED_EVENTS = {
  sent: "sent",
  "retry-at": "retry-at",
  "in-doubt": "in-doubt",
  dead: "delivery-dead",
} as const satisfies Record<Settled["state"], string>;

export function createOutboxStore({ db, epoch, committer }: StoreContext): OutboxStore {
  const tx: Tx = { db, epoch };
  return {
    addDelivery: (delivery) =>
      committer.write(() => {
        insertDelivery(tx, delivery);
        return deliveryOf(byKey(tx, delivery.key));
      }),
    async pendingDeliveries(afterSeq = 0) {
      return db
        .all<DeliveryRow>(
          "SELECT * FROM deliveries WHERE seq > ? AND state NOT IN ('sent', 'dead') ORDER BY seq",
          afterSeq,
        )
        .map(deliveryOf);
    },
    async delivery(key) {
      const row = db.get<DeliveryRow>("SELECT * FROM deliveries WHERE key = ?", key);
      return row === undefined ? null : deliveryOf(row);
    },
    async sending(id, from, attempts, at) {
      invariant(
        "I8",
        DELIVERY_STEPS[from].includes("sending"),
        `a delivery can't go from ${from} to sending`,
      );
      return committer.write(() => {
        const row = byId(tx, id);
        if (row?.state !== from || row.attempts !== attempts) throw LOST;
        db.run("UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE seq = ?", row.seq);
        tell(tx, row, "sending", at, { attempt: attempts + 1 });
        return deliveryOf({ ...row, state: "sending", attempts: attempts + 1 });
      }, null);
    },
    settle: (id, attempts, to, at) => committer.write(() => settle(tx, { id, attempts }, to, at), null),
  };
}

function byId({ db }: Tx, id: string): DeliveryRow | undefined {
  return db.get<DeliveryRow>("SELECT * FROM deliveries WHERE id = ?", id);
}

function byKey({ db }: Tx, key: string): DeliveryRow {
  const row = db.get<DeliveryRow>("SELECT * FROM deliveries WHERE key = ?", key);
  invariant("I7", row !== undefined, `no delivery with the key ${key}`);
  return row;
}

function settle(
  tx: Tx,
  fence: { readonly id: string; readonly attempts: number },
  to: Settled,
  at: number,
): { delivery: ReturnType<typeof deliveryOf>; ended: readonly Entry[] } {
  const row = byId(tx, fence.id);
  if (row === undefined || row.attempts !== fence.attempts || !maySettle(row, to.state)) throw LOST;
  const next: DeliveryRow = {
    ...row,
    state: to.state,
    in_doubt: row.in_doubt + (to.state === "in-doubt" ? 1 : 0),
    not_before: "notBefore" in to ? to.notBefore : row.not_before,
    platform_id: to.state === "sent" ? to.platformId : row.platform_id,
  };
  tx.db.run(
    "UPDATE deliveries SET state = ?, in_doubt = ?, not_before = ?, platform_id = ? WHERE seq = ?",
    next.state,
    next.in_doubt,
    next.not_before,
    next.platform_id,
    next.seq,
  );
  const { state: _, ...facts } = to;
  tell(tx, row, SETTLED_EVENTS[to.state], at, { attempt: row.attempts, ...facts });
  const ended = to.state === "sent" || to.state === "dead" ? finishDelivered(tx, row, at) : [];
  return { delivery: deliveryOf(next), ended };
}

/** A late outcome (the delivery has moved on) changes nothing; one without an intent before it is a bug. */
function maySettle(row: DeliveryRow, to: DeliveryState): boolean {
  if (DELIVERY_STEPS[row.state].includes(to)) return true;
  invariant("I7", row.state !== "ready", `delivery ${row.key} can't be ${to}: it was never tried`);
  return false;
}

/** A line of the history of the message that a delivery belongs to. */
export function tell(
  tx: Tx,
  row: Pick<DeliveryRow, "entry" | "key" | "kind">,
  event: string,
  at: number,
  data: Readonly<Record<string, unknown>>,
): void {
  const entry: MessageId | null = row.entry;
  if (entry === null || entryRow(tx, entry) === undefined) return;
  appendHistory(tx, entry, { at, event, data: { delivery: row.key, kind: row.kind, ...data } });
}
