import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { createChatDoor } from "../../src/alerts/chat-door.ts";
import type { NewDelivery } from "../../src/core/delivery.ts";
import { RollcallError } from "../../src/core/errors.ts";
import { createIds } from "../../src/core/ids.ts";
import { SECOND } from "../../src/core/time.ts";
import type { ChatDoor } from "../../src/ports/alert-route.ts";
import { createRig, type Rig } from "../fakes/core-rig.ts";

const CHAT = { channel: "telegram", account: "default", conversation: "100" } as const;

async function doorOf(
  t: TestContext,
  store: "works" | "full" | "none" = "works",
): Promise<{ readonly rig: Rig; readonly door: ChatDoor }> {
  const rig = await createRig();
  t.after(() => rig.stop());
  const full = (): Promise<never> => Promise.reject(new RollcallError("store-full"));
  const outbox = {
    addDelivery: store === "full" ? full : (delivery: NewDelivery) => rig.store.addDelivery(delivery),
    delivery: (key: string) => rig.store.delivery(key),
    wake: () => rig.pipeline.outbox.wake(),
  };
  const door = createChatDoor({
    channel: ({ channel, account }) => rig.pipeline.channels.get(`${channel}/${account}`),
    ids: createIds(
      () => rig.clock.now(),
      () => 0.5,
    ),
    clock: rig.clock,
    outbox: store === "none" ? null : outbox,
  });
  return { rig, door };
}

describe("the way to a chat", () => {
  it("is a delivery of the outbox, delivered when it was sent", async (t) => {
    const { rig, door } = await doorOf(t);
    const sent = door.send(CHAT, "it is down", "alert:1", new AbortController().signal);
    await rig.run(SECOND);
    assert.deepEqual(await sent, { ok: true, detail: "sent to telegram/default/100" });
    assert.deepEqual(
      rig.channel.sent.map(({ delivery }) => [delivery.kind, delivery.body.text, delivery.body.format]),
      [["alert", "it is down", "plain"]],
    );
  });

  it("is the same message however often it is tried", async (t) => {
    const { rig, door } = await doorOf(t);
    rig.channel.outcomes.push(
      { kind: "not-sent", detail: "no network" },
      { kind: "not-sent", detail: "no network" },
    );
    const given = new AbortController();
    const first = door.send(CHAT, "it is down", "alert:1", given.signal);
    await rig.run(SECOND);
    given.abort();
    assert.equal((await first).ok, false);
    const second = door.send(CHAT, "it is down", "alert:1", new AbortController().signal);
    await rig.run(30 * SECOND);
    assert.equal((await second).ok, true);
    assert.equal(new Set(rig.channel.sent.map(({ delivery }) => delivery.id)).size, 1);
    assert.equal((await door.send(CHAT, "it is down", "alert:1", new AbortController().signal)).ok, true);
    assert.equal(rig.channel.sent.length, 3);
  });

  it("has failed when the platform refuses it for ever", async (t) => {
    const { rig, door } = await doorOf(t);
    rig.channel.outcomes.push({ kind: "refused", detail: "blocked" });
    const sent = door.send(CHAT, "it is down", "alert:1", new AbortController().signal);
    await rig.run(SECOND);
    assert.deepEqual(await sent, { ok: false, detail: "the platform refused it" });
  });

  for (const store of ["full", "none"] as const) {
    it(`goes straight to the channel when the store is ${store === "full" ? "full" : "not there"}`, async (t) => {
      const { rig, door } = await doorOf(t, store);
      const sent = await door.send(CHAT, "no space", "alert:1", new AbortController().signal);
      assert.equal(sent.ok, true);
      assert.equal(rig.channel.sent[0]?.delivery.body.text, "no space");
      rig.channel.outcomes.push({ kind: "wait", after: 1000, scope: "chat" });
      assert.equal((await door.send(CHAT, "no space", "alert:2", new AbortController().signal)).ok, false);
    });
  }

  it("is closed while its channel isn't connected", async (t) => {
    const { rig, door } = await doorOf(t);
    assert.equal(door.problem(CHAT), null);
    rig.channel.status({ status: "failing", code: "token-refused" });
    assert.equal(door.problem(CHAT), "telegram/default is failing");
    assert.equal(door.problem({ ...CHAT, channel: "slack" }), "slack/default is not opened");
  });
});
