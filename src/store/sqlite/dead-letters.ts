import type { EntryState } from "../../core/entry.ts";
import type { TurnId } from "../../core/ids.ts";
import type { DeadLetter, DeadLetterStore, DeadReason } from "../../ports/dead-letters.ts";
import type { Line } from "./chain.ts";
import type { StoreContext, Tx } from "./context.ts";
import { entryOf, type EntryRow } from "./rows.ts";

const isDead = (state: EntryState): boolean => state === "dead" || state === "quarantined";

/** Keeps the letters in step with a message's state. Costs nothing where neither end of the step is dead. */
export function followDead({ db }: Tx, row: EntryRow, to: EntryState, { at, event, data }: Line): void {
  if (isDead(row.state)) db.run("DELETE FROM dead_letters WHERE entry = ?", row.id);
  if (!isDead(to)) return;
  const text = (key: string): string | null => {
    const value = data?.[key];
    return typeof value === "string" ? value : null;
  };
  db.run(
    "INSERT INTO dead_letters (entry, agent, at, state, code, detail) VALUES (?, ?, ?, ?, ?, ?)",
    row.id,
    row.agent,
    at,
    to,
    text("code") ?? event,
    text("detail"),
  );
}

export function deadLetterOf({ db }: Pick<Tx, "db">, row: EntryRow): DeadLetter | undefined {
  if (!isDead(row.state)) return undefined;
  const dead = db.get<DeadLetter>("SELECT code, detail, at FROM dead_letters WHERE entry = ?", row.id);
  return dead === undefined ? undefined : { ...dead };
}

/** Why a part of a turn's answer died last, as its line says. */
export function whyUndelivered({ db }: Pick<Tx, "db">, turn: TurnId): Readonly<Record<string, unknown>> {
  const row = db.get<{ event: string; data: string }>(
    `SELECT h.event, h.data FROM deliveries d JOIN history h ON h.entry = d.entry
     WHERE d.turn = ? AND d.kind = 'reply' AND d.state = 'dead' AND h.event IN ('delivery-dead', 'dropped') ORDER BY h.n DESC LIMIT 1`,
    turn,
  );
  const { detail } = JSON.parse(row?.data ?? "{}") as { detail?: unknown };
  // What its own chat dropped failed for nobody.
  if (row?.event === "dropped") return { code: "dropped" };
  return { code: "reply-undelivered", ...(typeof detail === "string" && { detail }) };
}

export function createDeadLetters({ db }: Pick<StoreContext, "db">): DeadLetterStore {
  return {
    async deadReasons() {
      return db.all<DeadReason>(
        `SELECT g.state, g.code, g.count, g.newest, g.since, d.entry AS message FROM (
           SELECT state, code, count(*) AS count, max(n) AS newest, min(at) AS since
           FROM dead_letters INDEXED BY dead_letters_code GROUP BY state, code) g
         JOIN dead_letters d ON d.n = g.newest ORDER BY g.count DESC, g.state, g.code`,
      );
    },
    async deadMessages(agent, after, limit) {
      const sql = `SELECT d.n, e.* FROM dead_letters d NOT INDEXED CROSS JOIN entries e ON e.id = d.entry
        WHERE d.n > ? AND d.state = 'dead' AND e.state = 'dead' AND (? IS NULL OR d.agent = ?) ORDER BY d.n LIMIT ?`;
      const rows = db.all<EntryRow & { readonly n: number }>(sql, after, agent, agent, limit);
      return rows.map((row) => ({ n: row.n, entry: entryOf(row) }));
    },
  };
}
