import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reopen } from "../../src/archive/after-restore.ts";
import { lossOf, type StoreAge } from "../../src/archive/restore-verdict.ts";
import { createMemoryDisk, openMemoryStore } from "../../src/store/sqlite/open.ts";
import {
  acceptOne,
  answered,
  AT,
  claim,
  delivery,
  entryNow,
  eventsOf,
  HOLD,
  messageId,
  moveOf,
  send,
  sessionKey,
} from "../contracts/store-samples.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { createRig } from "../fakes/core-rig.ts";

describe("a store that went back", () => {
  it("holds what waits since it came, drops commands, doubts what was unsent, and leaves what ended", async () => {
    const disk = createMemoryDisk();
    const store = await openMemoryStore(createFakeClock(), disk);
    await acceptOne(store, "queued");
    const held = await acceptOne(store, "held", { session: sessionKey("held") });
    await store.move([moveOf(held, "held", { hold: HOLD })], [], AT);
    const running = await acceptOne(store, "running", { session: sessionKey("running") });
    await claim(store, [running], "t_running");
    await acceptOne(store, "command", { kind: "control" });
    await answered(store, "unsent", { session: sessionKey("unsent") });
    await answered(store, "sending", { session: sessionKey("sending") });
    await store.sending(delivery("reply:t_sending:0").id, "ready", 0, AT);
    await answered(store, "sent", { session: sessionKey("sent") });
    await send(store, "reply:t_sent:0");
    assert.deepEqual(await reopen(store, AT + 99), { waiting: 2, commands: 1, inDoubt: 2 });

    for (const id of ["queued", "running"]) {
      const { state, hold } = await entryNow(store, messageId(`m_${id}`));
      assert.deepEqual([state, hold], ["held", { code: "restored", since: AT, incident: null }], id);
      assert.equal((await eventsOf(store, messageId(`m_${id}`))).at(-1), "restored");
    }
    assert.deepEqual((await entryNow(store, messageId("m_held"))).hold, HOLD);
    assert.equal((await entryNow(store, messageId("m_command"))).state, "cancelled");
    assert.equal((await entryNow(store, messageId("m_sent"))).state, "done");
    const unsent = await store.delivery("reply:t_unsent:0");
    assert.deepEqual([unsent?.state, unsent?.inDoubt, unsent?.attempts], ["in-doubt", true, 1]);
    assert.equal((await store.delivery("reply:t_sending:0"))?.state, "sending");
    assert.deepEqual(await reopen(store, AT + 100), { waiting: 0, commands: 0, inDoubt: 1 });
    disk.close();
  });

  it("more than a page of unsent deliveries is in doubt to the last", async () => {
    const disk = createMemoryDisk();
    const store = await openMemoryStore(createFakeClock(), disk);
    for (let n = 0; n < 450; n++) await store.addDelivery(delivery(`notice ${n}`, { kind: "notice" }));
    assert.equal((await reopen(store, AT)).inDoubt, 450);
    const open = await store.openAfter(0, 1000);
    assert.ok(open.every(({ state }) => state === "in-doubt"));
    disk.close();
  });

  it("asks about what is old, runs what is young, and marks what it sends again", async () => {
    const first = await createRig();
    const { disk, clock, store } = first;
    const old = { acceptedAt: clock.now() - 3_600_000, role: "owner" as const };
    await acceptOne(store, "old", { ...old, address: at("100"), session: sessionKey("agent:main:a") });
    await acceptOne(store, "young", {
      acceptedAt: clock.now() - 60_000,
      address: at("200"),
      session: sessionKey("agent:main:b"),
    });
    await reopen(store, clock.now());
    const rig = await createRig({ disk, clock });
    await rig.pipeline.resume();
    for (let n = 0; n < 5; n++) await rig.run(1000);
    assert.equal((await entryNow(rig.store, messageId("m_old"))).hold?.code, "hold-stale");
    assert.equal((await entryNow(rig.store, messageId("m_young"))).state, "done");
    assert.ok(rig.texts().some((text) => text.includes("/run")));
    await rig.stop();
  });
});

const at = (conversation: string) => ({ channel: "telegram", account: "default", conversation });

describe("what a restore would lose", () => {
  const backup: StoreAge = { identity: "a", epoch: 3, commit: 100, accepted: 50, waiting: 2 };
  const newer: StoreAge = { identity: "a", epoch: 4, commit: 120, accepted: 57, waiting: 3 };
  const cases: readonly (readonly [string, Parameters<typeof lossOf>[0], RegExp | null])[] = [
    ["nothing there", { kind: "none" }, null],
    ["the same", { kind: "store", store: backup }, null],
    ["an older one", { kind: "store", store: { ...backup, commit: 90 } }, null],
    ["a newer one", { kind: "store", store: newer }, /^7 messages came after .* 3 wait .*120.*100/],
    [
      "an empty one of another gateway",
      { kind: "store", store: { ...newer, identity: "b", accepted: 0 } },
      null,
    ],
    [
      "one of another gateway",
      { kind: "store", store: { ...newer, identity: "b" } },
      /isn't the one.* 57 mess/,
    ],
    ["a ruin", { kind: "broken", mark: null }, /can't be read/],
    ["a mark that isn't ahead", { kind: "broken", mark: { identity: "a", commit: 100 } }, null],
    ["a mark that is ahead", { kind: "broken", mark: { identity: "a", commit: 101 } }, /commit 101/],
    ["the mark of another", { kind: "broken", mark: { identity: "b", commit: 1 } }, /isn't the one/],
  ];
  for (const [name, existing, loss] of cases)
    it(name, () => {
      const said = lossOf(existing, backup);
      if (loss === null) assert.equal(said, null);
      else assert.match(said ?? "", loss);
    });
});
