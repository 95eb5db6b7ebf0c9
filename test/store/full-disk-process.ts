// Runs inside of a small file system of its own (see full-disk.test.ts), and says as JSON what it saw.
// node full-disk-process.ts DIR
import assert from "node:assert/strict";
import { rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { systemClock } from "../../src/platform/clock.ts";
import { RollcallError } from "../../src/core/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import { openStore } from "../../src/store/sqlite/open.ts";
import { acceptOne, assertAccounts, messageId, sessionKey } from "../contracts/store-samples.ts";

const [dir = ""] = process.argv.slice(2);
const ballast = join(dir, "ballast");
const open = (): Promise<Store> => openStore({ dir, clock: systemClock, version: "test" });

interface Tried {
  readonly confirmed: string[];
  readonly refused: string[];
}

/** Accepts several at once, until a batch is refused or enough were stored. */
async function fill(store: Store, round: string, batches: number): Promise<Tried> {
  const tried: Tried = { confirmed: [], refused: [] };
  for (let n = 0; n < batches && tried.refused.length === 0; n++) {
    const ids = [`${round}${n}a`, `${round}${n}b`];
    const results = await Promise.allSettled(
      ids.map((id) => acceptOne(store, id, { session: sessionKey(id) })),
    );
    for (const [index, result] of results.entries()) {
      const id = ids[index] ?? "";
      if (result.status === "fulfilled") tried.confirmed.push(id);
      else {
        assert.ok(result.reason instanceof RollcallError, String(result.reason));
        assert.equal(result.reason.code, "store-full");
        tried.refused.push(id);
      }
    }
  }
  return tried;
}

async function check(store: Store, { confirmed, refused }: Tried): Promise<void> {
  for (const id of confirmed) assert.ok(await store.message(messageId(`m_${id}`)), `${id} was confirmed`);
  for (const id of refused)
    assert.equal(await store.message(messageId(`m_${id}`)), null, `${id} was refused`);
  await assertAccounts(store);
}

writeFileSync(ballast, Buffer.alloc(1024 * 1024));
const store = await open();
const first = await fill(store, "x", 10_000);
assert.ok(first.confirmed.length > 0);
assert.equal(first.refused.length, 2);
await check(store, first);
rmSync(ballast);
const healed = await fill(store, "y", 5);
assert.equal(healed.confirmed.length, 10);
const second = await fill(store, "z", 10_000);
assert.equal(second.refused.length, 2);
await store.close();

// The next owner reads what was confirmed, and nothing else.
rmSync(join(dir, "spare"));
const again = await open();
for (const tried of [first, healed, second]) await check(again, tried);
await again.close();
writeSync(1, JSON.stringify({ confirmed: [first, healed, second].map((tried) => tried.confirmed.length) }));
