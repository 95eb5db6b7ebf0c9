import assert from "node:assert/strict";
import { LIMITS } from "../../src/core/limits.ts";
import type { Store } from "../../src/ports/store.ts";
import { AT, BATCH } from "./store-samples.ts";
import type { StoreCases } from "./store-suite.ts";

async function knock(store: Store, code: string, sender = "77", at = AT): Promise<void> {
  const pairing = { ...BATCH, code, sender: { id: sender, name: "Bob" }, at };
  await store.accept({ ...BATCH, items: [{ kind: "refused", code: "sender-refused", pairing }] });
}

export const accessCases: StoreCases = {
  "a stranger is admitted by the code that they were shown": async ({ store, reopen }) => {
    await knock(store, "CODE1");
    assert.equal(await store.isPaired("telegram", "default", "77"), false);
    assert.equal(await store.decidePairing("CODE9", "approved", AT, 0), null);
    assert.equal((await store.decidePairing("CODE1", "approved", AT, 0))?.state, "approved");
    assert.equal(await store.decidePairing("CODE1", "denied", AT, 0), null);
    const again = await reopen();
    assert.equal(await again.isPaired("telegram", "default", "77"), true);
    assert.equal(await again.isPaired("telegram", "work", "77"), false);
    assert.deepEqual(
      (await again.pairings()).map(({ code, state, sender }) => [code, state, sender.id]),
      [["CODE1", "approved", "77"]],
    );
  },

  "a denied or revoked sender isn't paired, and may ask again": async ({ store }) => {
    await knock(store, "CODE1");
    await store.decidePairing("CODE1", "denied", AT, 0);
    assert.equal(await store.isPaired("telegram", "default", "77"), false);
    await knock(store, "CODE2");
    await store.decidePairing("CODE2", "approved", AT, 0);
    assert.equal(await store.revokePairing("telegram", "default", "77", AT), true);
    assert.equal(await store.revokePairing("telegram", "default", "77", AT), false);
    assert.equal(await store.isPaired("telegram", "default", "77"), false);
    assert.deepEqual(
      (await store.pairings()).map(({ code, state }) => [code, state]),
      [["CODE2", "revoked"]],
    );
  },

  "an old code is no code": async ({ store }) => {
    await knock(store, "CODE1");
    assert.equal((await store.openPairing("telegram", "default", "77", AT))?.code, "CODE1");
    assert.equal(await store.openPairing("telegram", "default", "77", AT + 1), null);
    assert.equal(await store.decidePairing("CODE1", "approved", AT, AT + 1), null);
    await knock(store, "CODE2", "78", AT + LIMITS.pairingCodeAge + 1);
    assert.deepEqual(
      (await store.pairings()).map(({ code }) => code),
      ["CODE2"],
    );
  },

  "open codes are bounded, decided ones aren't touched by it": async ({ store }) => {
    await knock(store, "FIRST", "1");
    await store.decidePairing("FIRST", "approved", AT, 0);
    for (let n = 0; n < LIMITS.pairingCodesOpen + 5; n++) await knock(store, `CODE${n}`, `s${n}`);
    const open = (await store.pairings()).filter(({ state }) => state === "open");
    assert.equal(open.length, LIMITS.pairingCodesOpen);
    assert.equal(open[0]?.code, "CODE5");
    assert.equal(await store.isPaired("telegram", "default", "1"), true);
  },

  "tokens are known by their hash until they are revoked": async ({ store, reopen }) => {
    const token = { id: "tok_1", name: "laptop", createdAt: AT };
    await store.addToken({ ...token, hash: "aa" });
    await assert.rejects(store.addToken({ ...token, hash: "bb" }));
    const again = await reopen();
    assert.deepEqual(await again.tokens(), [token]);
    assert.deepEqual(await again.tokenByHash("aa"), token);
    assert.equal(await again.tokenByHash("bb"), null);
    assert.equal(await again.revokeToken("tok_1"), true);
    assert.equal(await again.revokeToken("tok_1"), false);
    assert.equal(await again.tokenByHash("aa"), null);
  },

  "notes are kept until they are taken back": async ({ store, reopen }) => {
    await store.setNote("commands", "v1");
    await store.setNote("commands", "v2");
    const again = await reopen();
    assert.equal(await again.note("commands"), "v2");
    await again.setNote("commands", null);
    assert.equal(await again.note("commands"), null);
  },
};
