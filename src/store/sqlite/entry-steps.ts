import { invariant } from "../../core/assert.ts";
import { ENTRY_STEPS, type EntryState, type Hold, type NewEntry } from "../../core/entry.ts";
import type { MessageId, TurnId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import { addLine, writeStep, type Line } from "./chain.ts";
import { LOST } from "./committer.ts";
import type { Tx } from "./context.ts";
import { count, nextNumber } from "./counters.ts";
import { followDead } from "./dead-letters.ts";
import { digestOf, keepDigest } from "./digests.ts";
import type { EntryRow } from "./rows.ts";
import { entryHash, entrySeal } from "./seals.ts";

/** Appends to an entry's history, if it is still there. Nothing ever changes a line. */
export function appendHistory(tx: Tx, entry: MessageId, line: Line): void {
  const row = entryRow(tx, entry);
  if (row !== undefined) writeStep(tx, row, {}, line);
}

/** An entry by its id. What a damaged index leads to instead is nobody's. */
export function entryRow({ db }: Pick<Tx, "db">, id: MessageId): EntryRow | undefined {
  const row = db.get<EntryRow>("SELECT * FROM entries WHERE id = ?", id);
  return row?.id === id ? row : undefined;
}

/** The row itself, by its place in the table: no index has a say in it. */
export function entryAt({ db }: Pick<Tx, "db">, seq: number): EntryRow | undefined {
  return db.get<EntryRow>("SELECT * FROM entries NOT INDEXED WHERE seq = ?", seq);
}

/** The row as it stands: the caller may have told something of the entry since it read it. */
function asNow(tx: Tx, row: EntryRow): EntryRow {
  const now = tx.db.get<{ seal: string }>("SELECT seal FROM entries NOT INDEXED WHERE seq = ?", row.seq);
  return now?.seal === row.seal ? row : (entryAt(tx, row.seq) ?? row);
}

/** Stores an accepted entry with its first line, and its key once more. */
export function insertEntry(tx: Tx, entry: NewEntry, by?: string): EntryRow {
  const of = entry.replayOf === null ? {} : { replayOf: entry.replayOf };
  const data = by === undefined ? of : { ...of, by };
  const fresh = { ...freshRow(entry), seq: nextNumber(tx, "entry") };
  const hashed = { ...fresh, hash: entryHash(fresh), chain: "" };
  const chained = {
    ...hashed,
    chain: addLine(tx, hashed, { at: entry.acceptedAt, event: "accepted", data }),
  };
  const row: EntryRow = { ...chained, seal: entrySeal(chained) };
  tx.db.run(
    `INSERT INTO entries (seq, id, kind, channel, account, conversation, thread, dedupe_key, client_id, sender, role,
       agent, session, accepted_at, replay_of, state, attempt, not_before, hold, turn, body, digest, hash, chain, seal)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, ?, NULL, NULL, ?, ?, ?, ?, ?)`,
    row.seq,
    row.id,
    row.kind,
    row.channel,
    row.account,
    row.conversation,
    row.thread,
    row.dedupe_key,
    row.client_id,
    row.sender,
    row.role,
    row.agent,
    row.session,
    row.accepted_at,
    row.replay_of,
    row.not_before,
    row.body,
    row.digest,
    row.hash,
    row.chain,
    row.seal,
  );
  keepDigest(tx, row);
  count(tx, "entries:queued", 1);
  return row;
}

function freshRow(entry: NewEntry): Omit<EntryRow, "seq" | "hash" | "chain" | "seal"> {
  const { channel, account, conversation, thread = null } = entry.address;
  return {
    id: entry.id,
    kind: entry.kind,
    channel,
    account,
    conversation,
    thread,
    dedupe_key: entry.dedupeKey,
    client_id: entry.clientId,
    sender: JSON.stringify(entry.sender),
    role: entry.role,
    agent: entry.agent,
    session: entry.session,
    accepted_at: entry.acceptedAt,
    replay_of: entry.replayOf,
    state: "queued",
    attempt: 0,
    not_before: entry.notBefore,
    hold: null,
    turn: null,
    body: JSON.stringify(entry.body),
    digest: digestOf(channel, account, entry.dedupeKey),
  };
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
  const changed = {
    state: to,
    attempt: change.attempt ?? row.attempt,
    not_before: change.notBefore ?? row.not_before,
    hold: change.hold === undefined ? null : JSON.stringify(change.hold),
    turn: change.turn === undefined ? row.turn : change.turn,
  };
  writeStep(tx, asNow(tx, row), changed, line);
  count(tx, `entries:${row.state}`, -1);
  count(tx, `entries:${to}`, 1);
  followDead(tx, row, to, line);
}
