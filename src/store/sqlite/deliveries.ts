import { formatAddress } from "../../core/address.ts";
import { invariant } from "../../core/assert.ts";
import { DELIVERY_STEPS, type DeliveryState, type NewDelivery } from "../../core/delivery.ts";
import type { Entry } from "../../core/entry.ts";
import type { MessageId } from "../../core/ids.ts";
import type { OutboxStore } from "../../ports/store.ts";
import { LOST } from "./committer.ts";
import type { StoreContext, Tx } from "./context.ts";
import { nextNumber } from "./counters.ts";
import { appendHistory } from "./entry-steps.ts";
import { finishDelivered } from "./finish.ts";
import { deliveryOf, type DeliveryRow } from "./rows.ts";
import { deliverySeal, patchDelivery } from "./seals.ts";

/**
 * Stores a delivery, as `sent` where that is all of its sending, else as `ready`. One whose key is known is left as it
 * is; returns whether it was new.
 */
export function insertDelivery(tx: Tx, delivery: NewDelivery): boolean {
  const { db } = tx;
  if (db.get("SELECT 1 AS found FROM deliveries WHERE key = ?", delivery.key) !== undefined) return false;
  const { id, key, kind, entry, turn, part, createdAt } = delivery;
  const row = {
    seq: nextNumber(tx, "delivery"),
    id,
    key,
    kind,
    entry,
    turn,
    part,
    address: formatAddress(delivery.address),
    created_at: createdAt,
    state: delivery.shown === true ? ("sent" as const) : ("ready" as const),
    attempts: 0,
    in_doubt: 0,
    not_before: createdAt,
    platform_id: delivery.shown === true ? id : null,
    asked_for: null,
    body: JSON.stringify(delivery.body),
  };
  db.run(
    `INSERT INTO deliveries (seq, id, key, kind, address, entry, turn, part, created_at, state, attempts, in_doubt,
       not_before, platform_id, body, seal)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?)`,
    row.seq,
    id,
    key,
    kind,
    row.address,
    entry,
    turn,
    part,
    createdAt,
    row.state,
    createdAt,
    row.platform_id,
    row.body,
    deliverySeal(row),
  );
  return true;
}

type Settled = Parameters<OutboxStore["settle"]>[2];

const SETTLED_EVENTS = {
  sent: "sent",
  "retry-at": "retry-at",
  "in-doubt": "in-doubt",
  dead: "delivery-dead",
} as const satisfies Record<Settled["state"], string>;

export function createOutboxStore({ db, epoch, committer, vet }: StoreContext): OutboxStore {
  const tx: Tx = { db, epoch };
  return {
    addDelivery: (delivery) =>
      committer.write(() => {
        insertDelivery(tx, delivery);
        return deliveryOf(byKey(tx, delivery.key));
      }),
    async pendingDeliveries(afterSeq = 0) {
      const sql = "SELECT * FROM deliveries WHERE seq > ? AND state NOT IN ('sent', 'dead') ORDER BY seq";
      return vet.deliveries(db.all<DeliveryRow>(sql, afterSeq)).map(deliveryOf);
    },
    async delivery(key) {
      const [row] = vet.deliveries(db.all<DeliveryRow>("SELECT * FROM deliveries WHERE key = ?", key));
      return row?.key === key ? deliveryOf(row) : null;
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
        if (vet.deliveries([row]).length === 0) throw LOST;
        const next = patchDelivery(tx, row, { state: "sending", attempts: attempts + 1 });
        tell(tx, row, "sending", at, { attempt: attempts + 1 });
        return deliveryOf(next);
      }, null);
    },
    settle: (id, attempts, to, at) => committer.write(() => settle(tx, { id, attempts }, to, at), null),
  };
}

function byId({ db }: Tx, id: string): DeliveryRow | undefined {
  const row = db.get<DeliveryRow>("SELECT * FROM deliveries WHERE id = ?", id);
  return row?.id === id ? row : undefined;
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
  const next = patchDelivery(tx, row, {
    state: to.state,
    in_doubt: row.in_doubt + (to.state === "in-doubt" ? 1 : 0),
    not_before: "notBefore" in to ? to.notBefore : row.not_before,
    platform_id: to.state === "sent" ? to.platformId : row.platform_id,
  });
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
  if (entry === null) return;
  appendHistory(tx, entry, { at, event, data: { delivery: row.key, kind: row.kind, ...data } });
}
