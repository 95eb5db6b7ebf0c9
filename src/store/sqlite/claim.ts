import { invariant } from "../../core/assert.ts";
import type { TurnId } from "../../core/ids.ts";
import type { Turn } from "../../core/turn.ts";
import type { TurnStore } from "../../ports/store.ts";
import { LOST } from "./committer.ts";
import type { StoreContext, Tx } from "./context.ts";
import { assertEntryStep, expectEntry, stepEntry } from "./entry-steps.ts";
import { entryIdsOf, turnOf, type EntryRow, type TurnRow } from "./rows.ts";
import { patchEntry, turnSeal } from "./seals.ts";
import { chapterOf } from "./sessions.ts";
import { turnRow } from "./turn-fence.ts";

export type Claim = Parameters<TurnStore["claim"]>[0];

/** Bugs of the caller, found before anything is asked of the disk. @throws InvariantBroken */
export function assertClaim(claim: Claim): void {
  invariant("I4", claim.entries.length > 0, `turn ${claim.turn} claims nothing`);
  for (const entry of claim.entries) assertEntryStep(entry, "running");
}

/** Makes entries `running` under a turn, a new one or the one that they had. @throws LOST */
export function claimTurn(tx: StoreContext, claim: Claim): Turn {
  const rows = claim.entries.map((entry) => expectEntry(tx, entry));
  // What fails is set aside, and the caller asks again for what waits.
  if (!rows.every((row) => tx.vet.toRun(row))) throw LOST;
  const [first] = rows;
  invariant("I4", first !== undefined, `turn ${claim.turn} claims nothing`);
  invariant(
    "I9",
    rows.every(({ session }) => session === first.session),
    `turn ${claim.turn} spans two sessions`,
  );
  const old = continued(tx, claim.turn, rows);
  const turn = writeTurn(tx, claim, rows, old, first);
  if (old !== undefined) leaveOut(tx, turn);
  for (const row of rows) {
    stepEntry(
      tx,
      row,
      "running",
      { turn: turn.id, attempt: row.attempt + 1 },
      {
        at: claim.at,
        event: "claimed",
        data: { turn: turn.id, attempt: turn.attempt, generation: claim.generation },
      },
    );
  }
  return turnOf(turn);
}

/** The turn that goes on: the named one if an entry has it, else the first that any has. The others are left. */
function continued(tx: Tx, named: TurnId, rows: readonly EntryRow[]): TurnRow | undefined {
  const known = rows.flatMap(({ turn }) => (turn === null ? [] : [turn]));
  const id = known.includes(named) ? named : known[0];
  const row = id === undefined ? undefined : turnRow(tx, id);
  invariant("I5", row?.state !== "answered", `turn ${row?.id ?? ""} was answered and is claimed again`);
  invariant(
    "I9",
    row === undefined || row.state === "ended",
    `turn ${row?.id ?? ""} runs and is claimed again`,
  );
  return row;
}

/** What was in the turn and isn't claimed with it begins anew: the turn's answer will not speak of it. */
function leaveOut(tx: Tx, turn: TurnRow): void {
  const claimed = entryIdsOf(turn);
  const left = tx.db.all<EntryRow>(
    "SELECT * FROM entries WHERE session = ? AND turn = ? AND state IN ('queued', 'held')",
    turn.session,
    turn.id,
  );
  for (const row of left) if (!claimed.includes(row.id)) patchEntry(tx, row, { turn: null });
}

function writeTurn(
  tx: Tx,
  claim: Claim,
  rows: readonly EntryRow[],
  old: TurnRow | undefined,
  first: EntryRow,
): TurnRow {
  const chapter = chapterOf(tx, first.session);
  const bare = {
    id: old?.id ?? claim.turn,
    session: first.session,
    agent: claim.agent,
    entries: JSON.stringify(rows.map(({ id }) => id)),
    last_seq: Math.max(...rows.map(({ seq }) => seq)),
    chapter,
    attempt: (old?.attempt ?? 0) + 1,
    failures: old?.failures ?? 0,
    reruns: old?.reruns ?? 0,
    state: "claimed",
    generation: claim.generation,
    harness: old?.harness ?? null,
    model: old?.model ?? null,
    // After a reset the attempt begins afresh, whatever the last one had.
    native_session: old?.chapter === chapter ? old.native_session : null,
    custody: null,
    claimed_at: claim.at,
    answered_at: null,
    reply: null,
  } as const;
  const row: TurnRow = { ...bare, seal: turnSeal(bare) };
  tx.db.run(
    `INSERT OR REPLACE INTO turns (id, session, agent, entries, last_seq, chapter, attempt, failures, reruns, state,
       generation, harness, model, native_session, custody, claimed_at, answered_at, reply, seal)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, NULL, NULL, ?)`,
    row.id,
    row.session,
    row.agent,
    row.entries,
    row.last_seq,
    row.chapter,
    row.attempt,
    row.failures,
    row.reruns,
    row.state,
    row.generation,
    row.harness,
    row.model,
    row.native_session,
    row.claimed_at,
    row.seal,
  );
  return row;
}
