import { invariant } from "../../core/assert.ts";
import type { TurnId } from "../../core/ids.ts";
import { TURN_STEPS, type TurnFence, type TurnState } from "../../core/turn.ts";
import { LOST } from "./committer.ts";
import type { Tx } from "./context.ts";
import { entryRow } from "./entry-steps.ts";
import { entryIdsOf, type EntryRow, type TurnRow } from "./rows.ts";

/** A turn by its id. What a damaged index leads to instead is nobody's. */
export function turnRow({ db }: Pick<Tx, "db">, id: TurnId): TurnRow | undefined {
  const row = db.get<TurnRow>("SELECT * FROM turns WHERE id = ?", id);
  return row?.id === id ? row : undefined;
}

/** A live attempt, with those of its entries that still run in it. */
export interface RunningTurn {
  readonly row: TurnRow;
  readonly entries: readonly EntryRow[];
}

/**
 * The turn, when this attempt of it is still the one that runs. Entries that were taken out of it meanwhile (cancelled
 * on their own) are left out; when none is left, nobody waits for the attempt.
 *
 * @throws LOST when the attempt is over
 */
export function expectRunning(tx: Tx, fence: TurnFence): RunningTurn {
  const row = turnRow(tx, fence.id);
  if (row === undefined || row.attempt !== fence.attempt) throw LOST;
  if (row.state !== "claimed" && row.state !== "prompted") throw LOST;
  const entries = runningEntries(tx, row);
  if (entries.length === 0) throw LOST;
  return { row, entries };
}

/** @throws InvariantBroken when no turn may ever make this step: a bug of the caller */
export function assertTurnStep({ id, state }: Pick<TurnRow, "id" | "state">, to: TurnState): void {
  invariant("I10", TURN_STEPS[state].includes(to), `turn ${id} can't go from ${state} to ${to}`);
}

/** The entries of a turn that run in it now, in order. */
export function runningEntries(tx: Pick<Tx, "db">, row: TurnRow): readonly EntryRow[] {
  return entryIdsOf(row).flatMap((id) => {
    const entry = entryRow(tx, id);
    return entry?.state === "running" && entry.turn === row.id ? [entry] : [];
  });
}
