import { ENTRY_STATES, WAITING_STATES, type EntryState, type HistoryLine } from "../../core/entry.ts";
import { CANARY_PREFIX } from "../../core/canary.ts";
import type { MessageId } from "../../core/ids.ts";
import type { MessageFilter, ReadStore, StoredMessage } from "../../ports/store.ts";
import type { Turn } from "../../core/turn.ts";
import { readChain, type LineRow } from "./chain.ts";
import type { StoreContext } from "./context.ts";
import type { Value } from "./database.ts";
import { deadLetterOf } from "./dead-letters.ts";
import { entryRow } from "./entry-steps.ts";
import {
  damagedEntry,
  deliveryOf,
  entryOf,
  replyOf,
  turnOf,
  type DeliveryRow,
  type EntryRow,
} from "./rows.ts";
import { createCounts } from "./recount.ts";
import { listSessions } from "./sessions.ts";
import { turnRow } from "./turn-fence.ts";

type Reads = Pick<StoreContext, "db" | "vet">;

export function createReads({ db, vet }: Reads): ReadStore {
  const on: Reads = { db, vet };
  return {
    async message(id) {
      const row = entryRow(on, id);
      if (row === undefined) return null;
      const stored = storedOf(on, row);
      return { ...stored, history: historyOf(on, row, stored.turn), reruns: rerunsOf(on, id) };
    },
    async stateOf(id) {
      return db.get<{ state: EntryState }>("SELECT state FROM entries WHERE id = ?", id)?.state ?? null;
    },
    async messages(filter) {
      return listEntries(on, filter).map((row) => ({ ...storedOf(on, row), history: [] }));
    },
    ...createCounts({ db }),
    async oldestWaiting() {
      // By the index of states, one look for each: what waits may be a hundred thousand rows.
      const firsts = WAITING_STATES.map((state) =>
        db.get<{ seq: number; at: number }>(
          "SELECT seq, accepted_at AS at FROM entries WHERE state = ? ORDER BY seq LIMIT 1",
          state,
        ),
      ).filter((row) => row !== undefined);
      return firsts.toSorted((a, b) => a.seq - b.seq)[0]?.at ?? null;
    },
    async sessions(limit) {
      return listSessions(on, limit);
    },
  };
}

function storedOf(on: Reads, row: EntryRow): Omit<StoredMessage, "history"> {
  // Of a row that isn't as it was, nobody knows what belongs to it.
  if (on.vet.entries([row]).length === 0) {
    return { entry: damagedEntry(row), turn: null, reply: null, deliveries: [], ...deadOf(on, row) };
  }
  const known = row.turn === null ? undefined : turnRow(on, row.turn);
  const turn = known !== undefined && on.vet.turn(known) ? known : undefined;
  const deliveries = on.db.all<DeliveryRow>(
    "SELECT * FROM deliveries WHERE entry = ? UNION SELECT * FROM deliveries WHERE turn = ? ORDER BY seq",
    row.id,
    row.turn,
  );
  return {
    entry: entryOf(row),
    turn: turn === undefined ? null : turnOf(turn),
    reply: turn === undefined ? null : replyOf(turn),
    deliveries: on.vet
      .deliveries(deliveries)
      .filter(({ entry, turn: of }) => entry === row.id || of === row.turn)
      .map(deliveryOf),
    ...deadOf(on, row),
  };
}

function deadOf(on: Reads, row: EntryRow): Pick<StoredMessage, "dead"> {
  const dead = deadLetterOf(on, row);
  return dead === undefined ? {} : { dead };
}

function rerunsOf({ db }: Reads, id: MessageId): readonly MessageId[] {
  const sql = "SELECT id FROM entries WHERE replay_of = ? ORDER BY seq";
  return db.all<{ id: MessageId }>(sql, id).map((row) => row.id);
}

/**
 * In the order in which it happened, whatever the clock said. What was sent for a turn is told with one of its entries:
 * the others' lives have it, too.
 */
function historyOf(on: Reads, row: EntryRow, turn: Turn | null): readonly HistoryLine[] {
  const own = linesOf(on, row);
  const others = (turn?.entries ?? []).filter((entry) => entry !== row.id);
  const mark = `:${turn?.id ?? ""}:`;
  const shared = others
    .flatMap((id) => entryRow(on, id) ?? [])
    .flatMap((entry) => linesOf(on, entry))
    .filter(({ data }) => {
      const { delivery } = lineData(data);
      return typeof delivery === "string" && delivery.includes(mark);
    });
  return [...own, ...shared]
    .toSorted((a, b) => a.n - b.n)
    .map(({ at, event, epoch, data }) => ({ at, event, epoch, data: lineData(data) }));
}

/** As far as they are what was written. */
function linesOf(on: Reads, row: EntryRow): readonly LineRow[] {
  const { lines, fault } = readChain(on, row);
  if (fault !== null && on.vet.entries([row]).length > 0) on.vet.doubt(row, "history", fault);
  return lines;
}

function lineData(text: string): HistoryLine["data"] {
  return JSON.parse(text) as HistoryLine["data"];
}

/** Messages of people: the gateway's own are found only by their place. */
const PEOPLES = `substr(conversation, 1, ${CANARY_PREFIX.length}) <> '${CANARY_PREFIX}'`;

/** One indexed query per state, merged: a rare state is found without walking through the common ones. */
function listEntries({ db }: Reads, filter: MessageFilter): readonly EntryRow[] {
  const before = filter.before ?? Number.MAX_SAFE_INTEGER;
  const place = placeOf(filter);
  if (filter.states === undefined || place.values.length > 0) {
    const states = filter.states ?? ENTRY_STATES;
    const marks = states.map(() => "?").join(", ");
    const sql = `SELECT * FROM entries WHERE seq < ? AND ${place.sql} AND +state IN (${marks}) ORDER BY seq DESC LIMIT ?`;
    return db.all<EntryRow>(sql, before, ...place.values, ...states, filter.limit);
  }
  return filter.states
    .flatMap((state) =>
      db.all<EntryRow>(
        `SELECT * FROM entries WHERE state = ? AND seq < ? AND ${PEOPLES} ORDER BY seq DESC LIMIT ?`,
        state,
        before,
        filter.limit,
      ),
    )
    .sort((a, b) => b.seq - a.seq)
    .slice(0, filter.limit);
}

function placeOf({ session, conversation }: MessageFilter): {
  readonly sql: string;
  readonly values: readonly Value[];
} {
  const parts: string[] = [];
  const values: Value[] = [];
  if (session !== undefined) {
    parts.push("session = ?");
    values.push(session);
  }
  if (conversation !== undefined) {
    parts.push("channel = ? AND account = ? AND conversation = ?");
    values.push(conversation.channel, conversation.account, conversation.conversation);
  }
  return { sql: parts.length === 0 ? PEOPLES : parts.join(" AND "), values };
}
