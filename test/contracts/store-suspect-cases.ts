import assert from "node:assert/strict";
import type { StoreCases } from "./store-suite.ts";

const at = 1_000;

/** What the store keeps of crashes of the process. */
export const suspectCases: StoreCases = {
  "what was in work at a crash is kept over openings, by thing and step": async ({ store, reopen }) => {
    await store.keepSuspects([
      { subject: "entry:m_1", step: "prompt", crashes: 1, at },
      { subject: "entry:m_1", step: "plan", crashes: 2, at: at + 1 },
    ]);
    const next = await reopen();
    assert.deepEqual(await next.suspects(), [
      { subject: "entry:m_1", step: "prompt", crashes: 1, at },
      { subject: "entry:m_1", step: "plan", crashes: 2, at: at + 1 },
    ]);
  },
  "the newest count holds, and 0 forgets": async ({ store }) => {
    await store.keepSuspects([{ subject: "delivery:d_1", step: "send", crashes: 1, at }]);
    await store.keepSuspects([{ subject: "delivery:d_1", step: "send", crashes: 2, at: at + 5 }]);
    assert.deepEqual(await store.suspects(), [
      { subject: "delivery:d_1", step: "send", crashes: 2, at: at + 5 },
    ]);
    await store.keepSuspects([{ subject: "delivery:d_1", step: "send", crashes: 0, at }]);
    assert.deepEqual(await store.suspects(), []);
  },
  "the oldest go first when there are very many": async ({ store }) => {
    const many = Array.from({ length: 10_005 }, (_, i) => ({
      subject: `entry:${i}`,
      step: "prompt" as const,
      crashes: 1,
      at: at + i,
    }));
    await store.keepSuspects(many);
    const kept = await store.suspects();
    assert.equal(kept.length, 10_000);
    assert.equal(kept[0]?.subject, "entry:5");
  },
};
