import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryDisk, openMemoryStore } from "../../src/store/sqlite/open.ts";
import type { Database, Value } from "../../src/store/sqlite/database.ts";
import { accountingCases } from "../contracts/store-accounting-cases.ts";
import { deadCases } from "../contracts/store-dead-cases.ts";
import { inboxCases } from "../contracts/store-inbox-cases.ts";
import { integrityCases } from "../contracts/store-integrity-cases.ts";
import { movedCases } from "../contracts/store-moved-cases.ts";
import { outboxCases } from "../contracts/store-outbox-cases.ts";
import { outboxPagesCases } from "../contracts/store-outbox-pages-cases.ts";
import { readCases } from "../contracts/store-read-cases.ts";
import { retentionCases } from "../contracts/store-retention-cases.ts";
import { sessionCases } from "../contracts/store-session-cases.ts";
import { turnCases } from "../contracts/store-turn-cases.ts";
import { createFakeClock } from "../fakes/clock.ts";

const CASES = [
  accountingCases,
  inboxCases,
  integrityCases,
  movedCases,
  outboxCases,
  outboxPagesCases,
  readCases,
  retentionCases,
  deadCases,
  sessionCases,
  turnCases,
];

/** Walks through what is open, never through what ended: these indexes hold nothing else. */
const OPEN_ONLY = /USING (?:COVERING )?INDEX (?:entries_waiting|deliveries_open|deliveries_held)\b/;

/** What may be walked through: bounded by configuration, by people, by its own code, or by what failed for good. */
const SMALL =
  /^SCAN (?:dead_letters|g|meta|counters|recounted|sessions|pairings|tokens|moved|cursors|group_talk|sqlite_schema|pragma\w*|CONSTANT ROW)\b/;

/** A move of a conversation happens once in its life, and looks for its addresses and turns everywhere. */
const RARE =
  /^(?:UPDATE (?:group_talk SET address|pairings SET sender_id)|SELECT \* FROM turns WHERE session = \?$)/;

function recording(db: Database, seen: Set<string>): Database {
  const note = (sql: string): string => {
    seen.add(sql);
    return sql;
  };
  return {
    ...db,
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the real one
    get: <Row>(sql: string, ...values: readonly Value[]) => db.get<Row>(note(sql), ...values),
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the real one
    all: <Row>(sql: string, ...values: readonly Value[]) => db.all<Row>(note(sql), ...values),
    run: (sql, ...values) => db.run(note(sql), ...values),
  };
}

describe("queries", () => {
  it("none of them walks through what has ended", async () => {
    const seen = new Set<string>();
    for (const run of CASES.flatMap((cases) => Object.values(cases))) {
      const disk = createMemoryDisk();
      const recorded = { ...disk, db: recording(disk.db, seen) };
      const clock = createFakeClock();
      const store = await openMemoryStore(clock, recorded);
      const reopen = () => openMemoryStore(clock, recorded);
      await run({ store, reopen, close: async () => {} });
      disk.close();
    }
    const { db } = createMemoryDisk();
    const last = await openMemoryStore(createFakeClock(), { db, close: () => {} });
    // Its scratch tables come with the first count.
    await last.recount(1);
    const queries = [...seen].filter(
      (sql) => /^\s*(?:SELECT|UPDATE|DELETE|INSERT)/.test(sql) && !RARE.test(sql.trim()),
    );
    assert.ok(queries.length > 50, `${queries.length} queries seen`);
    for (const sql of queries) {
      for (const { detail } of db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)) {
        const walks = detail.startsWith("SCAN") && !OPEN_ONLY.test(detail) && !SMALL.test(detail);
        assert.ok(!walks, `${detail}\nin ${sql}`);
      }
    }
  });
});
