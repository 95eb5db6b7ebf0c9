import { formatAddress, type Address } from "../../core/address.ts";
import { invariant } from "../../core/assert.ts";
import { DELIVERY_STEPS, type DeliveryState, type NewDelivery } from "../../core/delivery.ts";
import type { Entry } from "../../core/entry.ts";
import type { Instant } from "../../core/time.ts";
import type { DeliveryLine, OutboxPages, WaitingCount } from "../../ports/outbox-store.ts";
import type { StoreContext, Tx } from "./context.ts";
import { insertDelivery, tell } from "./deliveries.ts";
import { finishDelivered } from "./finish.ts";
import { deliveryOf, type DeliveryRow } from "./rows.ts";
import { patchDelivery } from "./seals.ts";

const OPEN = "state NOT IN ('sent', 'dead') AND state <> 'held'";
/** Kinds that are held when they are old: what people would miss. The line leads into the index. */
const ANSWERS = "line = 2 AND (kind = 'reply' OR substr(key, 1, 7) = 'notify:')";
/** Answers that wait to be sent, and aren't being sent now. */
const STALE = `FROM deliveries WHERE address = ? AND ${OPEN} AND ${ANSWERS} AND state <> 'sending'
  AND coalesce(asked_for, created_at) < ?`;
/** Rows that one decision moves in one transaction. */
const AT_ONCE = 5000;

export function createOutboxPages({ db, epoch, committer, vet }: StoreContext): OutboxPages {
  const tx: Tx = { db, epoch };
  const rows = (sql: string, ...values: (string | number)[]) =>
    vet.deliveries(db.all<DeliveryRow>(sql, ...values));
  return {
    async openLines() {
      const lines = db.all<DeliveryLine>(`SELECT DISTINCT address, line FROM deliveries WHERE ${OPEN}`);
      const last = db.get<{ seq: number | null }>("SELECT max(seq) AS seq FROM deliveries")?.seq ?? 0;
      const count = db.get<{ open: number }>(`SELECT count(*) AS open FROM deliveries WHERE ${OPEN}`);
      return {
        lines: lines.map(({ address, line }) => ({ address, line })),
        deliveries: count?.open ?? 0,
        lastSeq: last,
      };
    },
    async openAfter(afterSeq, limit) {
      const sql = `SELECT * FROM deliveries WHERE seq > ? AND ${OPEN} ORDER BY seq LIMIT ?`;
      return rows(sql, afterSeq, limit).map(deliveryOf);
    },
    async openInLine({ address, line }, afterSeq, limit) {
      const sql = `SELECT * FROM deliveries WHERE address = ? AND line = ? AND seq > ? AND ${OPEN} ORDER BY seq LIMIT ?`;
      const found = rows(sql, address, line, afterSeq, limit);
      return found.filter((row) => row.address === address).map(deliveryOf);
    },
    async cutOff() {
      return rows(`SELECT * FROM deliveries WHERE ${OPEN} AND state = 'sending'`).map(deliveryOf);
    },
    async staleAnswers(address, before) {
      return countOf(tx, STALE, formatAddress(address), before);
    },
    holdAnswers: (address, before, question, at) =>
      committer.write(() => hold(tx, { address, before, question, at })),
    async heldAnswers(address) {
      return countOf(tx, "FROM deliveries WHERE address = ? AND state = 'held'", formatAddress(address));
    },
    decideAnswers: (address, word, at) => committer.write(() => decide(tx, address, word, at)),
    expireAnswers: (before, limit, at) => committer.write(() => expire(tx, before, limit, at)),
  };
}

function countOf({ db }: Tx, from: string, ...values: (string | number)[]): WaitingCount | null {
  const sql = `SELECT count(DISTINCT coalesce(turn, id)) AS answers, min(created_at) AS since ${from}`;
  const row = db.get<{ answers: number; since: number | null }>(sql, ...values);
  return row === undefined || row.since === null ? null : { answers: row.answers, since: row.since };
}

interface Hold {
  readonly address: Address;
  readonly before: Instant;
  readonly question: NewDelivery;
  readonly at: Instant;
}

function hold(tx: Tx, { address, before, question, at }: Hold): number {
  const rows = tx.db.all<DeliveryRow>(`SELECT * ${STALE}`, formatAddress(address), before);
  for (const row of rows) step(tx, row, "held", "delivery-held", at);
  if (rows.length > 0) insertDelivery(tx, question);
  return rows.length;
}

function decide(
  tx: Tx,
  address: Address,
  word: "send" | "drop",
  at: Instant,
): { answers: number; ended: readonly Entry[] } {
  const sql = "SELECT * FROM deliveries WHERE address = ? AND state = 'held' ORDER BY seq LIMIT ?";
  const rows = tx.db.all<DeliveryRow>(sql, formatAddress(address), AT_ONCE);
  const [to, event] = word === "send" ? (["ready", "asked-for"] as const) : (["dead", "dropped"] as const);
  for (const row of rows) step(tx, row, to, event, at);
  const ended = word === "drop" ? rows.flatMap((row) => finishDelivered(tx, row, at)) : [];
  return { answers: new Set(rows.map(({ turn, id }) => turn ?? id)).size, ended };
}

function expire(
  tx: Tx,
  before: Instant,
  limit: number,
  at: Instant,
): { deliveries: number; ended: readonly Entry[] } {
  const sql = "SELECT * FROM deliveries WHERE state = 'held' AND not_before < ? LIMIT ?";
  const rows = tx.db.all<DeliveryRow>(sql, before, limit);
  for (const row of rows) step(tx, row, "dead", "delivery-dead", at);
  return { deliveries: rows.length, ended: rows.flatMap((row) => finishDelivered(tx, row, at)) };
}

/** `not_before` of what is held is the time since when it is; what is asked for is as young as the asking. */
function step(tx: Tx, row: DeliveryRow, to: DeliveryState, event: string, at: Instant): void {
  invariant("I8", DELIVERY_STEPS[row.state].includes(to), `${row.key} can't go from ${row.state} to ${to}`);
  patchDelivery(tx, row, { state: to, not_before: at, asked_for: to === "ready" ? at : row.asked_for });
  tell(tx, row, event, at, { attempt: row.attempts });
}
