import { LIMITS } from "../../core/limits.ts";
import type { TurnId } from "../../core/ids.ts";
import type { FilesInUse, Leftover, RetentionStore } from "../../ports/retention.ts";
import { blobKeysOf, clearTurn } from "./clear.ts";
import type { StoreContext, Tx } from "./context.ts";

interface Sliced {
  readonly count: number;
  readonly next: string | null;
}

type Clear = (tx: Tx, before: number, after: string, rows: number) => Sliced;

/** Where a walk goes on: null when the slice was the last, or held nothing that is old enough. */
function slice<Row>(
  rows: readonly Row[],
  most: number,
  at: (row: Row) => string,
  isOld: (row: Row) => boolean,
  clear: (row: Row) => boolean,
): Sliced {
  const last = rows.at(-1);
  const more = rows.length === most && rows.some(isOld);
  return {
    count: rows.filter((row) => isOld(row) && clear(row)).length,
    next: more && last !== undefined ? at(last) : null,
  };
}

/** Turns that their entries left for another, when the entries are gone. */
const turns: Clear = (tx, before, after, rows) =>
  slice(
    tx.db.all<{ n: number; id: TurnId; claimed_at: number }>(
      "SELECT rowid AS n, id, claimed_at FROM turns WHERE rowid > ? ORDER BY rowid LIMIT ?",
      Number(after),
      rows,
    ),
    rows,
    ({ n }) => String(n),
    (row) => row.claimed_at < before,
    ({ id }) => clearTurn(tx, id),
  );

/** What was sent for no message: notices, notifications, alerts. */
const deliveries: Clear = (tx, before, after, rows) =>
  slice(
    tx.db.all<{ seq: number; created_at: number }>(
      "SELECT seq, created_at FROM deliveries WHERE seq > ? ORDER BY seq LIMIT ?",
      Number(after),
      rows,
    ),
    rows,
    ({ seq }) => String(seq),
    (row) => row.created_at < before,
    ({ seq }) =>
      tx.db.run(
        `DELETE FROM deliveries WHERE seq = ? AND state IN ('sent', 'dead')
           AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.id = deliveries.entry)
           AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.id = deliveries.turn)`,
        seq,
      ) === 1,
  );

/** Agent by agent, since that is how the rows are ordered. */
const usage: Clear = (tx, before, after, rows) => {
  const agent = tx.db.get<{ agent: string }>(
    "SELECT agent FROM usage WHERE agent >= ? ORDER BY agent LIMIT 1",
    after,
  )?.agent;
  if (agent === undefined) return { count: 0, next: null };
  const cleared = tx.db.run(
    `DELETE FROM usage WHERE (agent, at, turn) IN
       (SELECT agent, at, turn FROM usage WHERE agent = ? AND at < ? ORDER BY at LIMIT ?)`,
    agent,
    before,
    rows,
  );
  if (cleared === rows) return { count: cleared, next: agent };
  const following = tx.db.get<{ agent: string }>(
    "SELECT agent FROM usage WHERE agent > ? ORDER BY agent LIMIT 1",
    agent,
  );
  return { count: cleared, next: following?.agent ?? null };
};

/** Sessions that nobody wrote to and that no message belongs to any more. */
const sessions: Clear = (tx, before, after, rows) => {
  const found = tx.db.all<{ key: string; last_at: number }>(
    "SELECT key, last_at FROM sessions WHERE key > ? ORDER BY key LIMIT ?",
    after,
    rows,
  );
  const gone = found.filter(
    ({ key, last_at }) =>
      last_at < before &&
      tx.db.run(
        "DELETE FROM sessions WHERE key = ? AND NOT EXISTS (SELECT 1 FROM entries WHERE session = sessions.key)",
        key,
      ) === 1,
  );
  for (const { key } of gone) tx.db.run("DELETE FROM harness_sessions WHERE session = ?", key);
  return { count: gone.length, next: found.length === rows ? (found.at(-1)?.key ?? null) : null };
};

const talk: Clear = (tx, before, after, rows) =>
  slice(
    tx.db.all<{ n: number; at: number }>(
      "SELECT n, at FROM group_talk WHERE n > ? ORDER BY n LIMIT ?",
      Number(after),
      rows,
    ),
    rows,
    ({ n }) => String(n),
    ({ at }) => at < before,
    ({ n }) => tx.db.run("DELETE FROM group_talk WHERE n = ?", n) === 1,
  );

/** Who is admitted stays; what was refused, taken back or never answered goes. */
const pairings: Clear = (tx, before, after, rows) =>
  slice(
    tx.db.all<{ n: number }>("SELECT n FROM pairings WHERE n > ? ORDER BY n LIMIT ?", Number(after), rows),
    rows,
    ({ n }) => String(n),
    () => true,
    ({ n }) =>
      tx.db.run(
        `DELETE FROM pairings WHERE n = ? AND
           ((state IN ('denied', 'revoked') AND coalesce(decided_at, at) < ?2) OR (state = 'open' AND at < ?2 - ?3))`,
        n,
        before,
        LIMITS.pairingCodeAge,
      ) === 1,
  );

const keys: Clear = (tx, before, after, rows) =>
  slice(
    tx.db.all<{ n: number; at: number }>(
      "SELECT n, at FROM cleared_keys WHERE n > ? ORDER BY n LIMIT ?",
      Number(after),
      rows,
    ),
    rows,
    ({ n }) => String(n),
    ({ at }) => at < before,
    ({ n }) => tx.db.run("DELETE FROM cleared_keys WHERE n = ?", n) === 1,
  );

const CLEAR: Readonly<Record<Leftover, Clear>> = {
  turns,
  deliveries,
  usage,
  sessions,
  talk,
  pairings,
  keys,
};

export function createLeftovers({
  db,
  epoch,
  committer,
}: StoreContext): Pick<RetentionStore, "clearLeftover" | "filesInUse"> {
  const tx: Tx = { db, epoch };
  return {
    clearLeftover: (what, before, after, rows) => committer.write(() => CLEAR[what](tx, before, after, rows)),
    async filesInUse() {
      return filesInUse(tx);
    },
  };
}

const WAITING = "entries INDEXED BY entries_waiting WHERE state IN ('queued', 'held', 'running', 'answered')";

function filesInUse({ db }: Pick<Tx, "db">): FilesInUse {
  const oldest = db.get<{ at: number | null }>(`SELECT min(accepted_at) AS at FROM ${WAITING}`);
  const bodies = db.all<{ body: string }>(`SELECT body FROM ${WAITING} AND instr(body, '"kind":"blob"') > 0`);
  const paths = db.all<{ path: string }>(
    `SELECT json_extract(body, '$.file.path') AS path FROM deliveries INDEXED BY deliveries_open
     WHERE state NOT IN ('sent', 'dead') AND json_extract(body, '$.file.path') IS NOT NULL`,
  );
  return {
    since: oldest?.at ?? null,
    keys: bodies.flatMap(({ body }) => blobKeysOf(body)),
    paths: paths.map(({ path }) => path),
  };
}
