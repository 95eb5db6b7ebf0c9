import type { NewEntry } from "../../core/entry.ts";
import type { MessageBody } from "../../core/message.ts";
import type { Instant } from "../../core/time.ts";
import type { Accepted, Decided } from "../../ports/intake.ts";
import type { InboxStore } from "../../ports/store.ts";
import { rememberPairing } from "./access.ts";
import { clearedId } from "./cleared-keys.ts";
import type { StoreContext, Tx } from "./context.ts";
import { count } from "./counters.ts";
import { digestOf, seqOfDigest } from "./digests.ts";
import { insertDelivery } from "./deliveries.ts";
import { entryAt, insertEntry, stepEntry } from "./entry-steps.ts";
import { rememberLine, recentLines } from "./group-talk.ts";
import { countWaiting } from "./lanes.ts";
import { formerConversations, moveConversation, whereNow } from "./moved.ts";
import { askForRebuild } from "./rebuild.ts";
import { entryOf, type EntryRow } from "./rows.ts";
import { isIntact, sealOf } from "./seals.ts";
import { touchSession } from "./sessions.ts";

type Batch = Parameters<InboxStore["accept"]>[0];

export function createInboxStore(context: StoreContext): InboxStore {
  const { db, epoch, clock, committer, damages, vet } = context;
  const tx: Tx = { db, epoch };
  return {
    async accept(batch) {
      const at = clock.now();
      return committer.write(() => {
        if (damages.intakeClosed !== null) throw damages.intakeClosed;
        const results = batch.items.map((item) => acceptItem(context, item, at));
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
      const [row] = vet.entries(byKey({ db }, channel, account, dedupeKey));
      return row === undefined ? null : entryOf(row);
    },
  };
}

function byKey({ db }: Pick<Tx, "db">, channel: string, account: string, key: string): readonly EntryRow[] {
  return db.all<EntryRow>(
    "SELECT * FROM entries WHERE channel = ? AND account = ? AND dedupe_key = ?",
    channel,
    account,
    key,
  );
}

function acceptItem(tx: StoreContext, item: Decided, at: Instant): Accepted {
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
      moveConversation(tx, item.from, item.to, at);
      return { outcome: "ignored" };
  }
}

function acceptEntry(tx: StoreContext, item: Extract<Decided, { kind: "entry" }>): Accepted {
  const { entry, waitingLimit, full, unreadable } = item;
  const { channel, account } = entry.address;
  const known = knownEntry(tx, channel, account, entry.dedupeKey);
  // What isn't as it was written can't be compared with.
  if (known !== undefined) {
    return { outcome: "duplicate", id: known.id, same: !isIntact(known) || sameMessage(known, entry) };
  }
  const cleared = clearedId(tx, channel, account, entry.dedupeKey);
  // What it said is gone, so that nothing is left to compare with.
  if (cleared !== undefined) return { outcome: "duplicate", id: cleared, same: true };
  // Commands go through when messages pile up: that is when they are needed.
  const waits = entry.kind === "message" && unreadable === undefined;
  if (waits && countWaiting(tx, entry.session) >= waitingLimit) {
    if (full !== undefined) insertDelivery(tx, full);
    return { outcome: "refused", code: "queue-full" };
  }
  const row = insertEntry(tx, entry, item.by);
  touchSession(tx, entry);
  const kept = unreadable === undefined ? row : keepUnreadable(tx, row, unreadable);
  return { outcome: "accepted", entry: entryOf(kept) };
}

/**
 * The entry that came under a key. Whatever the unique index says is believed only when the digests say the same.
 *
 * @throws RollcallError `store-index` when they don't; then nothing is accepted any more
 */
function knownEntry(tx: StoreContext, channel: string, account: string, key: string): EntryRow | undefined {
  const [found] = byKey(tx, channel, account, key);
  const seq = seqOfDigest(tx, digestOf(channel, account, key));
  if (found === undefined && seq === undefined) return undefined;
  const isIt = (row: EntryRow): boolean =>
    row.channel === channel && row.account === account && row.dedupe_key === key;
  if (found !== undefined && isIntact(found) && isIt(found)) return found;
  const row = seq === undefined ? undefined : entryAt(tx, seq);
  // Two keys may have one digest.
  if (found === undefined && row !== undefined && isIntact(row) && !isIt(row)) return undefined;
  if (found !== undefined && found.seq === seq) {
    tx.vet.entries([found]);
    return found;
  }
  tx.committer.write(() => askForRebuild(tx)).catch(() => undefined);
  throw tx.damages.closeIntake("keys", "the index and the digests disagree about what is known");
}

/** Accepted, so that it is counted and shown like any other, and set aside in the same step. */
function keepUnreadable(
  tx: StoreContext,
  row: EntryRow,
  { reason, notice }: NonNullable<Extract<Decided, { kind: "entry" }>["unreadable"]>,
): EntryRow {
  const data = { code: "message-unreadable", detail: reason };
  stepEntry(tx, row, "quarantined", {}, { at: row.accepted_at, event: "unreadable", data });
  if (notice !== undefined) insertDelivery(tx, notice);
  return { ...row, state: "quarantined" };
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
  const values = [cursor.channel, cursor.account, cursor.identity, cursor.value, at];
  db.run(
    "INSERT OR REPLACE INTO cursors (channel, account, identity, value, at, seal) VALUES (?, ?, ?, ?, ?, ?)",
    ...values,
    sealOf(values),
  );
}
