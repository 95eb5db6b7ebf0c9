import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRetention, type Pass } from "../../src/archive/retention.ts";
import { canaryAddress } from "../../src/core/canary.ts";
import { DAY, HOUR } from "../../src/core/time.ts";
import { imbalancesOf } from "../../src/health/accounting-equations.ts";
import type { BlobFolder } from "../../src/ports/blobs.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryDisk, openMemoryStore, type MemoryDisk } from "../../src/store/sqlite/open.ts";
import {
  acceptOne,
  answerOf,
  AT,
  BATCH,
  body,
  claim,
  delivery,
  moveOf,
  newEntry,
  parts,
  PROMPTED,
  sessionKey,
} from "../contracts/store-samples.ts";
import { createFakeClock, type FakeClock } from "../fakes/clock.ts";
import { createKeptLog, type LoggedLine } from "../fakes/silent-log.ts";

interface Rig {
  readonly clock: FakeClock;
  readonly disk: MemoryDisk;
  readonly store: Store;
  readonly files: Map<string, number>;
  readonly lines: LoggedLine[];
  readonly retention: ReturnType<typeof createRetention>;
}

/** A folder that is only a list. */
function folderOf(files: Map<string, number>): BlobFolder {
  return {
    async *all() {
      for (const [folder, madeAt] of files) yield { folder, madeAt };
    },
    contents: async () => [],
    remove: async (folder) => void files.delete(folder),
    folderOf: (path) => path.split("/")[1] ?? null,
  };
}

async function rig(limits = { messages: 10 * DAY, attachments: 5 * DAY }): Promise<Rig> {
  const clock = createFakeClock(AT);
  const disk = createMemoryDisk();
  const store = await openMemoryStore(clock, disk);
  const files = new Map<string, number>();
  const log = createKeptLog();
  const retention = createRetention({ store, files: folderOf(files), clock, log, limits: () => limits });
  return { clock, disk, store, files, lines: log.lines as LoggedLine[], retention };
}

async function pass({ retention, clock }: Rig): Promise<Pass> {
  const over = new AbortController();
  const passing = retention.pass().finally(() => over.abort());
  while (!over.signal.aborted) await clock.advance(100);
  const cleared = await passing;
  assert.ok(cleared);
  return cleared;
}

async function live({ store, clock }: Rig, n: string, more = {}): Promise<void> {
  const at = clock.now();
  const entry = await acceptOne(store, n, { acceptedAt: at, ...more });
  const turn = await claim(store, [entry], `t_${n}`);
  await store.prompted(turn, { ...PROMPTED, at });
  const [part] = parts(turn, entry, 1);
  assert.ok(part);
  await store.answer(turn, { ...answerOf([{ ...part, createdAt: at }]), at });
  await store.sending(part.id, "ready", 0, at);
  await store.settle(part.id, 1, { state: "sent", platformId: "p" }, at);
}

/** One day of people, scripts, groups, strangers, and of the gateway's own. */
async function day(on: Rig, today: number): Promise<void> {
  const { store, clock } = on;
  const at = clock.now();
  for (let n = 0; n < 6; n++) await live(on, `${today}.${n}`, { body: body("so ".repeat(200)) });
  await live(on, `script.${today}`, { session: sessionKey(`agent:main:web:direct:run ${today}`) });
  await live(on, `canary.${today}`, { address: canaryAddress("main"), session: sessionKey("canary") });
  const dead = await acceptOne(store, `dead.${today}`, { acceptedAt: at });
  await store.move([moveOf(dead, "dead", { data: { code: "turn-dead" } })], [], at);
  await store.addDelivery(delivery(`notice.${today}`, { kind: "notice", createdAt: at }));
  await store.sending(delivery(`notice.${today}`).id, "ready", 0, at);
  await store.settle(delivery(`notice.${today}`).id, 1, { state: "dead", detail: "blocked" }, at);
  const address = { ...BATCH, conversation: `-100${today}` };
  await store.accept({
    ...BATCH,
    items: [
      {
        kind: "ignored",
        reason: "unaddressed",
        groupLine: { address, line: { author: "A", text: "x", at } },
      },
      {
        kind: "refused",
        code: "sender-refused",
        pairing: { ...BATCH, code: `C${today}`, sender: { id: String(today), name: "B" }, at },
      },
    ],
  });
}

const TABLES = [
  "entries",
  "turns",
  "deliveries",
  "history",
  "usage",
  "sessions",
  "harness_sessions",
  "group_talk",
  "pairings",
  "cleared_keys",
  "dead_letters",
];

function sizes({ disk }: Rig): Readonly<Record<string, number>> {
  const count = (table: string): number =>
    disk.db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
  const pages = disk.db.get<{ page_count: number }>("PRAGMA page_count")?.page_count ?? 0;
  return { pages, ...Object.fromEntries(TABLES.map((table) => [table, count(table)])) };
}

describe("retention", () => {
  it("steady traffic doesn't let the store grow: every table and the file come to a rest", async (t) => {
    const on = await rig();
    const seen: Readonly<Record<string, number>>[] = [];
    for (let today = 0; today < 260; today++) {
      await day(on, today);
      await on.clock.advance(DAY);
      await pass(on);
      if (today === 140 || today === 200 || today === 259) seen.push(sizes(on));
    }
    const [middle, later, last] = seen;
    assert.ok(middle && later && last);
    for (const table of TABLES) assert.ok((last[table] ?? 0) <= (middle[table] ?? 0) + 1, `${table} grows`);
    assert.ok((last["pages"] ?? 0) <= (middle["pages"] ?? 0) * 1.05, JSON.stringify(seen));
    assert.equal(last["entries"], 9 * 8 + 1, "the days before the tenth, and the latest canary");
    t.diagnostic(
      `pages after 140, 200 and 260 days: ${middle["pages"]}, ${later["pages"]}, ${last["pages"]}`,
    );
    const counted = await on.store.recount(1_000_000);
    assert.ok(counted);
    assert.deepEqual(imbalancesOf(counted), []);
    assert.equal(counted.purged + 73, counted.totals.accepted);
    on.disk.close();
  });

  it("begins by itself a while after the start, comes again each hour, and ends when it is told", async () => {
    const on = await rig();
    const { clock, retention, lines, disk } = on;
    await live(on, "old");
    await clock.advance(11 * DAY);
    retention.start();
    await clock.advance(10 * 60_000);
    assert.deepEqual(
      lines.map(({ event, fields }) => [event, fields["messages"]]),
      [["retention.cleared", 1]],
    );
    await live(on, "young");
    await clock.advance(2 * HOUR);
    assert.equal(lines.length, 1, "what cleared nothing says nothing");
    await clock.advance(10 * DAY);
    assert.deepEqual(
      lines.map(({ fields }) => [fields["messages"], fields["keys"]]),
      [
        [1, 0],
        [0, 1],
        [1, 0],
      ],
    );
    retention.stop();
    await clock.advance(HOUR);
    assert.equal(clock.pending, 0);
    assert.equal(await retention.pass(), null, "a pass after the stop does nothing");
    disk.close();
  });

  it("a store that refuses is tried again at the next pass", async () => {
    const on = await rig();
    let refused = 0;
    const store: Store = {
      ...on.store,
      clear: () => {
        refused += 1;
        return Promise.reject(new RangeError("the disk is full"));
      },
    };
    const log = createKeptLog();
    const limits = () => ({ messages: DAY, attachments: DAY });
    const retention = createRetention({ store, files: folderOf(on.files), clock: on.clock, log, limits });
    retention.start();
    await on.clock.advance(2 * HOUR);
    retention.stop();
    assert.equal(refused, 2);
    assert.deepEqual([...new Set(log.lines.map(({ event }) => event))], ["retention.failed"]);
    on.disk.close();
  });

  it("files go by their own age, a crash's leavings too, and none that something unfinished may need", async () => {
    const on = await rig({ messages: 90 * DAY, attachments: 5 * DAY });
    const { clock, files, store } = on;
    const source = { kind: "blob", key: "named/a.png" } as const;
    const attachments = [{ kind: "image", name: "a.png", mime: "image/png", source } as const];
    files
      .set("named", AT - 20 * DAY)
      .set("sent", AT - 20 * DAY)
      .set("orphan", AT - 20 * DAY);
    files.set("old", AT).set("young", AT + 4 * DAY);
    const file = { path: "attachments/sent/b.png", name: "b.png", mime: "image/png" };
    await store.addDelivery(delivery("with file", { body: { text: "", format: "plain", file } }));
    await clock.advance(6 * DAY);
    const waiting = await acceptOne(store, 1, { acceptedAt: clock.now(), body: body("", { attachments }) });
    const limit = { messages: 90 * DAY, attachments: 5 * DAY };
    assert.equal((await pass(on)).files, 2);
    assert.deepEqual([...files.keys()], ["named", "sent", "young"]);
    // What came after the oldest unfinished message may have been fetched for it.
    files.set("fetched", clock.now() + 1000);
    await clock.advance(limit.attachments + DAY);
    assert.equal((await pass(on)).files, 1);
    assert.deepEqual([...files.keys()], ["named", "sent", "fetched"]);
    await store.move([moveOf(waiting, "cancelled")], [], clock.now());
    assert.equal((await pass(on)).files, 2);
    assert.deepEqual([...files.keys()], ["sent"]);
    on.disk.close();
  });

  it("never takes what the gateway's own messages need: the latest of each agent stays", async () => {
    const on = await rig();
    const canary = { address: canaryAddress("main"), session: sessionKey("canary") };
    for (const n of ["1", "2", "3"]) {
      await live(on, n, canary);
      await on.clock.advance(40 * 60_000);
    }
    const { canaries, messages } = await pass(on);
    assert.deepEqual([canaries, messages], [2, 0]);
    const [last] = await on.store.messages({ conversation: canaryAddress("main"), limit: 5 });
    assert.equal(last?.entry.id, newEntry("3").id);
    on.disk.close();
  });
});
