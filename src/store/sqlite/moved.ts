/**
 * A conversation that got a new id (a group that became a supergroup). Everything that is bound to the old one goes
 * over: entries, open deliveries, talk, pairings, and its sessions, whose keys hold the conversation.
 */
import { encodePart, formatAddress, type Address } from "../../core/address.ts";
import type { NewEntry } from "../../core/entry.ts";
import type { SessionKey } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import { writeStep } from "./chain.ts";
import type { Tx } from "./context.ts";
import type { DeliveryRow, EntryRow, TurnRow } from "./rows.ts";
import { patchDelivery, patchTurn } from "./seals.ts";
import { chapterOf } from "./sessions.ts";

interface Move {
  readonly from: Address;
  readonly to: Address;
}

/** Entries that are read at once. */
const AT_ONCE = 500;

/** Records the move, and takes along what is there. Doing it twice changes nothing more. */
export function moveConversation(tx: Tx, from: Address, to: Address, at: Instant): void {
  const { channel, account, conversation } = from;
  // The same account only: the dedupe keys and cursors of another one mean other things.
  if (to.channel !== channel || to.account !== account || to.conversation === conversation) return;
  const move = { from, to };
  tx.db.run(
    "DELETE FROM moved WHERE channel = ? AND account = ? AND conversation = ?",
    channel,
    account,
    to.conversation,
  );
  tx.db.run(
    "UPDATE moved SET now_at = ? WHERE channel = ? AND account = ? AND now_at = ?",
    to.conversation,
    channel,
    account,
    conversation,
  );
  tx.db.run(
    "INSERT OR REPLACE INTO moved VALUES (?, ?, ?, ?)",
    channel,
    account,
    conversation,
    to.conversation,
  );
  moveEntries(tx, move, at);
  moveSessions(tx, move);
  moveColumns(tx, move);
  moveAddresses(tx, move);
}

/** Ids that a conversation had before. */
export function formerConversations({ db }: Pick<Tx, "db">, address: Address): readonly string[] {
  const rows = db.all<{ conversation: string }>(
    "SELECT conversation FROM moved WHERE channel = ? AND account = ? AND now_at = ?",
    address.channel,
    address.account,
    address.conversation,
  );
  return rows.map(({ conversation }) => conversation);
}

/** An entry whose conversation has moved meanwhile, as it stands there. */
export function whereNow({ db }: Pick<Tx, "db">, entry: NewEntry): NewEntry {
  const { address, session } = entry;
  const moved = db.get<{ now_at: string }>(
    "SELECT now_at FROM moved WHERE channel = ? AND account = ? AND conversation = ?",
    address.channel,
    address.account,
    address.conversation,
  );
  if (moved === undefined) return entry;
  const to = { ...address, conversation: moved.now_at };
  return { ...entry, address: to, session: movedKey(session, { from: address, to }) };
}

/** `agent:A:PLACE:KIND:CONVERSATION[:thread:T]`: the fifth part changes; keys of shared sessions have no such part. */
function movedKey(key: SessionKey, { from, to }: Move): SessionKey {
  const parts = key.split(":");
  if (parts[4] !== encodePart(from.conversation)) return key;
  return parts.with(4, encodePart(to.conversation)).join(":") as SessionKey;
}

/** Each tells of its move: a line of its history is what lets an entry's place change. */
function moveEntries(tx: Tx, move: Move, at: Instant): void {
  const { channel, account, conversation } = move.from;
  const line = { at, event: "moved", data: { from: conversation, to: move.to.conversation } };
  for (;;) {
    const rows = tx.db.all<EntryRow>(
      "SELECT * FROM entries WHERE channel = ? AND account = ? AND conversation = ? LIMIT ?",
      channel,
      account,
      conversation,
      AT_ONCE,
    );
    for (const row of rows) {
      const session = movedKey(row.session, move);
      writeStep(tx, row, { conversation: move.to.conversation, session }, line);
    }
    if (rows.length < AT_ONCE) return;
  }
}

function moveSessions(tx: Tx, move: Move): void {
  const { channel, account, conversation } = move.from;
  const rows = tx.db.all<{ key: SessionKey }>(
    "SELECT key FROM sessions WHERE channel = ? AND account = ? AND conversation = ?",
    channel,
    account,
    conversation,
  );
  for (const { key } of rows) {
    const renamed = movedKey(key, move);
    if (renamed !== key) renameSession(tx, key, renamed);
  }
}

/** Where the new key is in use already, its own harness sessions and model stay, and the old history joins it. */
function renameSession({ db }: Tx, old: SessionKey, key: SessionKey): void {
  const chapter = chapterOf({ db }, old);
  const taken = db.get("SELECT 1 AS found FROM sessions WHERE key = ?", key) !== undefined;
  const next = taken ? chapterOf({ db }, key) : chapter;
  for (const row of db.all<TurnRow>("SELECT * FROM turns WHERE session = ?", old))
    patchTurn({ db }, row, { session: key, chapter: row.chapter === chapter ? next : -1 });
  db.run("UPDATE OR IGNORE harness_sessions SET session = ? WHERE session = ?", key, old);
  db.run("DELETE FROM harness_sessions WHERE session = ?", old);
  db.run(
    "UPDATE sessions SET messages = messages + coalesce((SELECT messages FROM sessions WHERE key = ?), 0) WHERE key = ?",
    old,
    key,
  );
  db.run("UPDATE OR IGNORE sessions SET key = ? WHERE key = ?", key, old);
  db.run("DELETE FROM sessions WHERE key = ?", old);
}

function moveColumns({ db }: Tx, { from, to }: Move): void {
  db.run(
    "UPDATE sessions SET conversation = ? WHERE channel = ? AND account = ? AND conversation = ?",
    to.conversation,
    from.channel,
    from.account,
    from.conversation,
  );
  // Where a private chat's id is its sender's.
  db.run(
    "UPDATE pairings SET sender_id = ? WHERE channel = ? AND account = ? AND sender_id = ?",
    to.conversation,
    from.channel,
    from.account,
    from.conversation,
  );
}

const IN_CONVERSATION = "(address = ?1 OR substr(address, 1, length(?1) + 1) = ?1 || '/')";

/** Written addresses: the conversation itself, and its threads. Deliveries at their end stay as they were sent. */
function moveAddresses({ db }: Tx, move: Move): void {
  const from = conversationOf(move.from);
  const to = conversationOf(move.to);
  db.run(
    `UPDATE group_talk SET address = ?2 || substr(address, length(?1) + 1) WHERE ${IN_CONVERSATION}`,
    from,
    to,
  );
  const open = db.all<DeliveryRow>(
    `SELECT * FROM deliveries WHERE state NOT IN ('sent', 'dead') AND ${IN_CONVERSATION}`,
    from,
  );
  for (const row of open) patchDelivery({ db }, row, { address: to + row.address.slice(from.length) });
}

function conversationOf({ channel, account, conversation }: Address): string {
  return formatAddress({ channel, account, conversation });
}
