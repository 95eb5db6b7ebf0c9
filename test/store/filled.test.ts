// The bench's store with a long history must be one that the store itself could have written.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { fillStore } from "../../bench/store/fill.ts";
import type { Damage } from "../../src/ports/integrity.ts";
import { openStore, STORE_FILE } from "../../src/store/sqlite/open.ts";
import { createFakeClock } from "../fakes/clock.ts";

const SIZE = { messages: 150, conversations: 30 };

async function filled(t: TestContext): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), "rollcall-filled-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  await fillStore(dir, SIZE);
  return dir;
}

/** Everything that two whole looks at the store find. */
async function damagesOf(t: TestContext, dir: string): Promise<{ rows: number; damages: Damage[] }> {
  const store = await openStore({ dir, clock: createFakeClock(), version: "test" });
  t.after(() => store.close());
  const damages: Damage[] = [];
  store.onDamage((damage) => void damages.push(damage));
  let pass = await store.scan(40);
  while (pass === null) pass = await store.scan(40);
  const counts = await store.recount(1000);
  assert.deepEqual(counts?.rows, counts?.counters);
  assert.equal(counts?.rows.done, SIZE.messages);
  return { rows: pass.rows, damages };
}

test("a history that was copied passes the store's own scan, and its books agree", async (t) => {
  const { rows, damages } = await damagesOf(t, await filled(t));
  assert.deepEqual(damages, []);
  assert.ok(rows >= 3 * SIZE.messages, `${rows} rows were looked at`);
});

test("a copied row that is changed by hand is found by the same scan", async (t) => {
  const dir = await filled(t);
  const db = new DatabaseSync(join(dir, STORE_FILE));
  const line = "(SELECT entry, n FROM history WHERE event = 'prompted' LIMIT 1 OFFSET 100)";
  db.exec(`UPDATE history SET data = '{}' WHERE (entry, n) = ${line}`);
  db.close();
  const { damages } = await damagesOf(t, dir);
  assert.equal(damages.length, 1);
});
