import { CANARY_PREFIX } from "../../core/canary.ts";
import type { NewEntry } from "../../core/entry.ts";
import type { SessionKey } from "../../core/ids.ts";
import type { SessionRow, TurnStore } from "../../ports/store.ts";
import type { StoreContext, Tx } from "./context.ts";
import { entryAt, entryRow } from "./entry-steps.ts";
import { entryIdsOf, replyOf, type TurnRow } from "./rows.ts";
import type { MessageBody } from "../../core/message.ts";

/** Remembers that a session got a message. */
export function touchSession({ db }: Tx, { session, agent, address, acceptedAt, kind }: NewEntry): void {
  db.run(
    `INSERT INTO sessions (key, agent, channel, account, conversation, last_at, messages, chapter)
     VALUES (?, ?, ?, ?, ?, ?, ?, 0)
     ON CONFLICT (key) DO UPDATE SET agent = excluded.agent, channel = excluded.channel, account = excluded.account,
       conversation = excluded.conversation, last_at = excluded.last_at, messages = messages + excluded.messages`,
    session,
    agent,
    address.channel,
    address.account,
    address.conversation,
    acceptedAt,
    kind === "message" ? 1 : 0,
  );
}

/**
 * The chapter of a session that is being written: each reset begins a new one. A turn belongs to the chapter in which it
 * was claimed, so that an answer that comes after a reset doesn't bring the old session back.
 */
export function chapterOf({ db }: Pick<Tx, "db">, session: SessionKey): number {
  return db.get<{ chapter: number }>("SELECT chapter FROM sessions WHERE key = ?", session)?.chapter ?? 0;
}

type SessionPart = Pick<
  TurnStore,
  "nativeSession" | "resetSession" | "exchanges" | "sessionModel" | "setSessionModel"
>;

export function createSessions({ db, committer, vet }: StoreContext): SessionPart {
  return {
    async nativeSession(session, harness) {
      const row = db.get<{ native: string; last_seq: number }>(
        "SELECT native, last_seq FROM harness_sessions WHERE session = ? AND harness = ?",
        session,
        harness,
      );
      return row === undefined ? null : { native: row.native, lastSeq: row.last_seq };
    },
    resetSession: (session, at) =>
      committer.write(() => {
        db.run("DELETE FROM harness_sessions WHERE session = ?", session);
        db.run(
          `INSERT INTO sessions (key, last_at, messages, chapter) VALUES (?, ?, 0, 1)
           ON CONFLICT (key) DO UPDATE SET chapter = chapter + 1`,
          session,
          at,
        );
      }),
    async exchanges(session, afterSeq, limit) {
      const rows = db.all<TurnRow>(
        `SELECT * FROM turns WHERE session = ? AND chapter = ? AND last_seq > ? AND reply IS NOT NULL
         ORDER BY last_seq DESC LIMIT ?`,
        session,
        chapterOf({ db }, session),
        afterSeq,
        limit,
      );
      const own = rows.filter((row) => row.session === session && vet.turn(row));
      return own.toReversed().flatMap((row) => {
        const text = textOf({ db, vet }, row);
        if (text === null) return [];
        const at = row.answered_at ?? row.claimed_at;
        return [{ seq: row.last_seq, text, reply: replyOf(row)?.text ?? "", at }];
      });
    },
    async sessionModel(session) {
      return (
        db.get<{ model: string | null }>("SELECT model FROM sessions WHERE key = ?", session)?.model ?? null
      );
    },
    setSessionModel: (session, model) =>
      committer.write(() => {
        db.run(
          `INSERT INTO sessions (key, last_at, messages, chapter, model) VALUES (?, 0, 0, 0, ?)
           ON CONFLICT (key) DO UPDATE SET model = excluded.model`,
          session,
          model,
        );
      }),
  };
}

/** What was said in a turn: the texts of its entries, as far as they are still kept. Null when one isn't as it was. */
function textOf({ db, vet }: Pick<StoreContext, "db" | "vet">, turn: TurnRow): string | null {
  const ids = entryIdsOf(turn);
  const rows = ids.flatMap((id) => entryRow({ db }, id) ?? []);
  if (vet.entries(rows).length < rows.length) return null;
  // Cleared away, or only not found: its last entry can be looked up without an index.
  if (rows.length < ids.length && entryAt({ db }, turn.last_seq)?.turn === turn.id) return null;
  return rows.map(({ body }) => (JSON.parse(body) as MessageBody).text).join("\n\n");
}

/** Sessions of people that got a message, the latest first. */
export function listSessions({ db }: Pick<Tx, "db">, limit: number): readonly SessionRow[] {
  const rows = db.all<{ key: SessionKey; agent: string; last_at: number; messages: number }>(
    `SELECT key, agent, last_at, messages FROM sessions
     WHERE agent IS NOT NULL AND substr(conversation, 1, ?) <> ? ORDER BY last_at DESC, key LIMIT ?`,
    CANARY_PREFIX.length,
    CANARY_PREFIX,
    limit,
  );
  return rows.map(({ key, agent, last_at, messages }) => ({
    key,
    agent,
    lastAt: last_at,
    messages,
    harnesses: harnessesOf({ db }, key),
  }));
}

function harnessesOf({ db }: Pick<Tx, "db">, key: SessionKey): SessionRow["harnesses"] {
  return db
    .all<{ harness: string; native: string }>(
      "SELECT harness, native FROM harness_sessions WHERE session = ? ORDER BY harness",
      key,
    )
    .map(({ harness, native }) => ({ harness, native }));
}
