/**
 * Counts the entries anew, in slices. Two temporary triggers count along what other transactions do to entries that
 * were counted already, so that the sum of the slices is exact at the moment of the last one, however busy the store.
 *
 * Keeps: I18 (the equations are recounted from rows, not copied from counters).
 */
import { ENTRY_STATES, type EntryState } from "../../core/entry.ts";
import type { AccountingStore, Recount, Totals } from "../../ports/accounting.ts";
import type { ReadStore } from "../../ports/store.ts";
import type { StoreContext, Tx } from "./context.ts";
import { countersOf } from "./counters.ts";

/** In memory and of this connection alone; rolled back with the transaction that they count along with. */
const SCRATCH = `
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE IF NOT EXISTS recounted (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS recount_mark (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
CREATE TEMP TRIGGER IF NOT EXISTS recount_step AFTER UPDATE OF state ON main.entries
WHEN OLD.seq <= (SELECT seq FROM recount_mark WHERE id = 1) BEGIN
  UPDATE recounted SET n = n - 1 WHERE state = OLD.state;
  UPDATE recounted SET n = n + 1 WHERE state = NEW.state;
END;
CREATE TEMP TRIGGER IF NOT EXISTS recount_gone AFTER DELETE ON main.entries
WHEN OLD.seq <= (SELECT seq FROM recount_mark WHERE id = 1) BEGIN
  UPDATE recounted SET n = n - 1 WHERE state = OLD.state;
END;
`;

const STATES = ENTRY_STATES.map((state) => `'${state}'`).join(", ");

/** By the index of states, which is a fraction of the rows. */
const SLICE = `INSERT INTO recounted
  SELECT state, count(*) FROM entries INDEXED BY entries_state
  WHERE state IN (${STATES}) AND seq > ? AND seq <= ? GROUP BY state
  ON CONFLICT (state) DO UPDATE SET n = n + excluded.n`;

type Reads = Pick<Tx, "db">;

export function createRecount({ db }: Pick<StoreContext, "db">): Pick<AccountingStore, "recount"> {
  const on: Reads = { db };
  let prepared = false;
  return {
    async recount(rows) {
      // With the first count: a start waits for nothing that it doesn't need.
      if (!prepared) {
        db.exec(SCRATCH);
        begin(on);
        prepared = true;
      }
      const from = db.get<{ seq: number }>("SELECT seq FROM recount_mark WHERE id = 1")?.seq ?? 0;
      const end = db.get<{ seq: number | null }>("SELECT max(seq) AS seq FROM entries")?.seq ?? 0;
      const to = Math.max(from, Math.min(from + rows, end));
      db.run(SLICE, from, to);
      db.run("UPDATE recount_mark SET seq = ? WHERE id = 1", to);
      if (to < end) return null;
      const result = read(on);
      begin(on);
      return result;
    },
  };
}

/** Every state has its row, so that the triggers find it. */
function begin({ db }: Reads): void {
  db.run("INSERT OR REPLACE INTO recount_mark VALUES (1, 0)");
  for (const state of ENTRY_STATES) db.run("INSERT OR REPLACE INTO recounted VALUES (?, 0)", state);
}

function read(on: Reads): Recount {
  const counted = on.db.all<{ state: EntryState; n: number }>("SELECT state, n FROM recounted");
  const purged = [...countersOf(on, "purged:").values()].reduce((sum, n) => sum + n, 0);
  return {
    rows: byState(new Map(counted.map(({ state, n }) => [state, n]))),
    counters: byState(countersOf(on, "entries:")),
    purged,
    totals: totalsOf(on),
  };
}

function byState(counts: ReadonlyMap<string, number>): Readonly<Record<EntryState, number>> {
  return Object.fromEntries(ENTRY_STATES.map((state) => [state, counts.get(state) ?? 0])) as Record<
    EntryState,
    number
  >;
}

/** Both kinds of counters, as `ReadStore` shows them. */
export function createCounts({ db }: Pick<StoreContext, "db">): Pick<ReadStore, "counts" | "totals"> {
  const on: Reads = { db };
  return {
    counts: async () => byState(countersOf(on, "entries:")),
    totals: async () => totalsOf(on),
  };
}

function totalsOf(on: Reads): Totals {
  const counters = countersOf(on, "intake:");
  const of = (name: string): number => counters.get(name) ?? 0;
  return {
    received: of("received"),
    accepted: of("accepted"),
    duplicate: of("duplicate"),
    ignored: of("ignored"),
    refused: of("refused"),
  };
}
