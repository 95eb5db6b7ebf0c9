import assert from "node:assert/strict";
import { test } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { createInbox } from "../../src/inbox/accept.ts";
import { openMemoryStore } from "../../src/store/sqlite/open.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, noMetrics } from "../fakes/quiet.ts";

const parts = async (open: boolean) => {
  const store = await openMemoryStore(createFakeClock());
  const inbox = createInbox({
    store,
    log: keepLog(),
    metrics: noMetrics,
    decide: async () => ({ kind: "ignored", reason: "test" }),
    accepted: () => {},
    noticed: () => {},
    took: () => {},
    open: () => open,
  });
  return { store, inbox };
};
const cursor = { channel: "telegram", account: "default", identity: "1", value: "5" };
const batch = {
  channel: "telegram",
  account: "default",
  items: [{ kind: "ignored", reason: "x" }],
  cursor,
} as const;

test("a gateway that stops takes nothing, so that the platform keeps it", async () => {
  const { store, inbox } = await parts(false);
  await assert.rejects(
    inbox.accept(batch),
    (error) => error instanceof RollcallError && error.code === "draining",
  );
  assert.equal(await store.cursor("telegram", "default", "1"), null);
});

test("the cursor is stored with what it stands for, ignored items too", async () => {
  const { store, inbox } = await parts(true);
  assert.deepEqual(await inbox.accept(batch), [{ outcome: "ignored" }]);
  assert.equal((await store.cursor("telegram", "default", "1"))?.value, "5");
  assert.equal((await store.totals()).received, 1);
});
