import type { NewEntry } from "../../core/entry.ts";
import type { MessageBody } from "../../core/message.ts";
import type { Accepted, Decided } from "../../ports/intake.ts";
import type { InboxStore } from "../../ports/store.ts";
import { rememberPairing } from "./access.ts";
import { clearedId } from "./cleared-keys.ts";
import type { StoreContext, Tx } from "./context.ts";
import { count } from "./counters.ts";
import { insertDelivery } from "./deliveries.ts";
import { entryRow, expectEntry, insertEntry, stepEntry } from "./entry-steps.ts";
import { rememberLine, recentLines } from "./group-talk.ts";
import { countWaiting } from "./lanes.ts";
import { formerConversations, moveConversation, whereNow } from "./moved.ts";
import { entryOf, type EntryRow } from "./rows.ts";
import { touchSession } from "./sessions.ts";

type Batch = Parameters<InboxStore["accept"]>[0];

export function createInboxStore({ db, epoch, clock, committer }: StoreContext): InboxStore {
  const tx: Tx = { db, epoch };
  return {
    async accept(batch) {
      const at = clock.now();
      return committer.write(() => {
        const results = batch.items.map((item) => acceptItem(tx, item));
        countResults(tx, results);
        moveCursor(tx, batch, at);
        return results;
      });
    },
    async groupTalk(address, limit) {
      return recentLines({ db }, address, limit);
    },
    async formerConversations(address) {
      return formerConversations({ db }, address);
    },
    async findByKey(channel, account, dedupeKey) {
      const row = byKey({ db }, channel, account, dedupeKey);
      return row === undefined ? null : entryOf(row);
    },
  };
}

function byKey({ db }: Pick<Tx, "db">, channel: string, account: string, key: string): EntryRow | undefined {
  return db.get<EntryRow>(
    "SELECT * FROM entries WHERE channel = ? AND account = ? AND dedupe_key = ?",
    channel,
    account,
    key,
  );
}

function acceptItem(tx: Tx, item: Decided): Accepted {
  switch (item.kind) {
    case "entry":
      return acceptEntry(tx, { ...item, entry: whereNow(tx, item.entry) });
    case "ignored":
      if (item.groupLine !== undefined) rememberLine(tx, item.groupLine.address, item.groupLine.line);
      return { outcome: "ignored" };
    case "refused":
      if (item.pairing !== undefined) rememberPairing(tx, item.pairing);
      if (item.notice !== undefined) insertDelivery(tx, item.notice);
      return { outcome: "refused", code: item.code };
    case "moved":
      moveConversation(tx, item.from, item.to);
      return { outcome: "ignored" };
  }
}

function acceptEntry(tx: Tx, item: Extract<Decided, { kind: "entry" }>): Accepted {
  const { entry, waitingLimit, full, unreadable } = item;
  const { channel, account } = entry.address;
  const known = byKey(tx, channel, account, entry.dedupeKey);
  if (known !== undefined) return { outcome: "duplicate", id: known.id, same: sameMessage(known, entry) };
  const cleared = clearedId(tx, channel, account, entry.dedupeKey);
  // What it said is gone, so that nothing is left to compare with.
  if (cleared !== undefined) return { outcome: "duplicate", id: cleared, same: true };
  // Commands go through when messages pile up: that is when they are needed.
  const waits = entry.kind === "message" && unreadable === undefined;
  if (waits && countWaiting(tx, entry.session) >= waitingLimit) {
    if (full !== undefined) insertDelivery(tx, full);
    return { outcome: "refused", code: "queue-full" };
  }
  insertEntry(tx, entry);
  touchSession(tx, entry);
  if (unreadable !== undefined) keepUnreadable(tx, entry, unreadable);
  const row = entryRow(tx, entry.id);
  return row === undefined ? { outcome: "ignored" } : { outcome: "accepted", entry: entryOf(row) };
}

/** Accepted, so that it is counted and shown like any other, and set aside in the same step. */
function keepUnreadable(
  tx: Tx,
  entry: NewEntry,
  { reason, notice }: NonNullable<Extract<Decided, { kind: "entry" }>["unreadable"]>,
): void {
  const row = expectEntry(tx, { id: entry.id, state: "queued", attempt: 0 });
  stepEntry(
    tx,
    row,
    "quarantined",
    {},
    { at: entry.acceptedAt, event: "unreadable", data: { code: "message-unreadable", detail: reason } },
  );
  if (notice !== undefined) insertDelivery(tx, notice);
}

/** Whether two copies say the same to the same agent. Platforms may describe the same file by another reference. */
function sameMessage(row: EntryRow, entry: NewEntry): boolean {
  const body = JSON.parse(row.body) as MessageBody;
  const names = (of: MessageBody): string => JSON.stringify(of.attachments.map(({ name }) => name));
  return body.text === entry.body.text && names(body) === names(entry.body) && row.agent === entry.agent;
}

function countResults(tx: Tx, results: readonly Accepted[]): void {
  count(tx, "intake:received", results.length);
  for (const outcome of ["accepted", "duplicate", "ignored", "refused"] as const) {
    count(tx, `intake:${outcome}`, results.filter((result) => result.outcome === outcome).length);
  }
}

function moveCursor({ db }: Tx, { cursor }: Batch, at: number): void {
  if (cursor === undefined) return;
  db.run(
    "INSERT OR REPLACE INTO cursors (channel, account, identity, value, at) VALUES (?, ?, ?, ?, ?)",
    cursor.channel,
    cursor.account,
    cursor.identity,
    cursor.value,
    at,
  );
}
