import { invariant } from "../../core/assert.ts";
import { ENTRY_STEPS, type EntryState, type Hold, type NewEntry } from "../../core/entry.ts";
import type { MessageId, TurnId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import { LOST } from "./committer.ts";
import type { Tx } from "./context.ts";
import { count } from "./counters.ts";
import { followDead } from "./dead-letters.ts";
import type { EntryRow } from "./rows.ts";

/** One line of an entry's life, written with the step that it tells of. */
export interface Line {
  readonly at: Instant;
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Appends to an entry's history. Nothing ever changes a line. */
export function appendHistory({ db, epoch }: Tx, entry: MessageId, { at, event, data = {} }: Line): void {
  db.run(
    "INSERT INTO history (entry, at, epoch, event, data) VALUES (?, ?, ?, ?, ?)",
    entry,
    at,
    epoch,
    event,
    JSON.stringify(data),
  );
}

export function entryRow({ db }: Pick<Tx, "db">, id: MessageId): EntryRow | undefined {
  return db.get<EntryRow>("SELECT * FROM entries WHERE id = ?", id);
}

/** Stores an accepted entry with its first line. */
export function insertEntry(tx: Tx, entry: NewEntry): void {
  const { channel, account, conversation, thread = null } = entry.address;
  tx.db.run(
    `INSERT INTO entries (id, kind, channel, account, conversation, thread, dedupe_key, client_id, sender, role, agent,
       session, accepted_at, replay_of, state, attempt, not_before, hold, turn, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, ?, NULL, NULL, ?)`,
    entry.id,
    entry.kind,
    channel,
    account,
    conversation,
    thread,
    entry.dedupeKey,
    entry.clientId,
    JSON.stringify(entry.sender),
    entry.role,
    entry.agent,
    entry.session,
    entry.acceptedAt,
    entry.replayOf,
    entry.notBefore,
    JSON.stringify(entry.body),
  );
  count(tx, "entries:queued", 1);
  appendHistory(tx, entry.id, { at: entry.acceptedAt, event: "accepted" });
}

/** Where an entry stands when a step begins: must still be so, or the step is lost. */
export interface EntryAt {
  readonly id: MessageId;
  readonly state: EntryState;
  readonly attempt: number;
}

/** What a step changes beside the state. What is absent stays. A hold ends with its state. */
export interface EntryChange {
  readonly hold?: Hold;
  readonly notBefore?: Instant;
  readonly turn?: TurnId | null;
  /** Only a claim raises it. */
  readonly attempt?: number;
}

/** @throws InvariantBroken when no entry may ever make this step: a bug of the caller */
export function assertEntryStep({ id, state }: EntryAt, to: EntryState): void {
  invariant("I4", ENTRY_STEPS[state].includes(to), `${id} can't go from ${state} to ${to}`);
}

/** The entry as it is now, when it still stands where the caller saw it. @throws LOST otherwise */
export function expectEntry(tx: Tx, at: EntryAt): EntryRow {
  const row = entryRow(tx, at.id);
  if (row?.state !== at.state || row.attempt !== at.attempt) throw LOST;
  return row;
}

/** The one place where an entry changes: state, counters and history together. */
export function stepEntry(tx: Tx, row: EntryRow, to: EntryState, change: EntryChange, line: Line): void {
  assertEntryStep(row, to);
  invariant(
    "I4",
    (to === "held") === (change.hold !== undefined),
    `${row.id} goes to ${to}, and a hold is for held`,
  );
  tx.db.run(
    "UPDATE entries SET state = ?, attempt = ?, not_before = ?, hold = ?, turn = ? WHERE seq = ?",
    to,
    change.attempt ?? row.attempt,
    change.notBefore ?? row.not_before,
    change.hold === undefined ? null : JSON.stringify(change.hold),
    change.turn === undefined ? row.turn : change.turn,
    row.seq,
  );
  count(tx, `entries:${row.state}`, -1);
  count(tx, `entries:${to}`, 1);
  appendHistory(tx, row.id, line);
  followDead(tx, row, to, line);
}
