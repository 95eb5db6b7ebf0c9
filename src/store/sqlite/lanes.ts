import type { SessionKey } from "../../core/ids.ts";
import type { PressureStore } from "../../ports/pressure.ts";
import type { TurnStore } from "../../ports/store.ts";
import type { StoreContext } from "./context.ts";
import { entryOf, turnOf, type EntryRow } from "./rows.ts";
import { runningEntries, turnRow } from "./turn-fence.ts";

/**
 * What waits, by the partial index that holds nothing else. The condition repeats the index's own, word for word, so
 * that SQLite may use it, and `INDEXED BY` so that it does: the planner knows nothing of how much has ended.
 */
const WAITING = "entries INDEXED BY entries_waiting WHERE state IN ('queued', 'held', 'running', 'answered')";

type LanePart = Pick<TurnStore, "waitingSessions" | "waiting" | "turn" | "interrupted" | "pendingControls">;

/** What lanes look at. Costs grow with what waits, never with what ended. */
export function createLaneReads({ db, vet }: Pick<StoreContext, "db" | "vet">): LanePart {
  return {
    async waitingSessions() {
      return db
        .all<{ session: SessionKey }>(
          `SELECT session FROM ${WAITING} AND kind = 'message' AND state <> 'answered'
           GROUP BY session ORDER BY min(seq)`,
        )
        .map(({ session }) => session);
    },
    async waiting(session, limit) {
      const rows = db.all<EntryRow>(
        `SELECT * FROM ${WAITING} AND session = ? AND kind = 'message' AND state IN ('queued', 'held')
         ORDER BY seq LIMIT ?`,
        session,
        limit,
      );
      // An index that is damaged may lead to what belongs elsewhere.
      const own = rows.filter((row) => row.session === session && row.kind === "message");
      return vet.entries(own).map(entryOf);
    },
    async interrupted() {
      const turns = db.all<{ turn: EntryRow["turn"] }>(
        "SELECT turn FROM entries WHERE state = 'running' GROUP BY turn ORDER BY min(seq)",
      );
      return turns.flatMap(({ turn }) => {
        const row = turn === null ? undefined : turnRow({ db }, turn);
        if (row === undefined) return [];
        if (vet.turn(row)) {
          const entries = vet.entries(runningEntries({ db }, row));
          return [{ turn: turnOf(row), entries: entries.map(entryOf) }];
        }
        // Who ran it, how far it came, and with which entries, is what its row would say.
        const running = db.all<EntryRow>("SELECT * FROM entries WHERE state = 'running' AND turn = ?", turn);
        for (const entry of vet.entries(running))
          vet.doubt(entry, "turn", `its turn ${row.id} isn't as it was written`);
        return [];
      });
    },
    async turn(id) {
      const row = turnRow({ db }, id);
      return row === undefined || !vet.turn(row) ? null : turnOf(row);
    },
    async pendingControls() {
      const sql = "SELECT * FROM entries WHERE state = 'queued' AND kind = 'control' ORDER BY seq";
      return vet.entries(db.all<EntryRow>(sql)).map(entryOf);
    },
  };
}

/** Sizes are told by the rows' heads: the bodies themselves aren't read. */
export function createPressureReads({ db }: Pick<StoreContext, "db">): PressureStore {
  const sql = `SELECT coalesce(sum(octet_length(body)), 0) AS bytes FROM ${WAITING}`;
  return { waitingBytes: async () => db.get<{ bytes: number }>(sql)?.bytes ?? 0 };
}

/** How many messages of a session wait for their turn or are in it. */
export function countWaiting({ db }: Pick<StoreContext, "db">, session: SessionKey): number {
  const sql = `SELECT count(*) AS n FROM ${WAITING} AND session = ? AND kind = 'message' AND state <> 'answered'`;
  return db.get<{ n: number }>(sql, session)?.n ?? 0;
}
