import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Address } from "../../src/core/address.ts";
import type { Delivery, NewDelivery } from "../../src/core/delivery.ts";
import type { DeliveryId, TurnId } from "../../src/core/ids.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { createDispatcher } from "../../src/outbox/dispatcher.ts";
import { OUTBOX } from "../../src/outbox/limits.ts";
import type { Channel, SendOutcome } from "../../src/ports/channel.ts";
import type { Store } from "../../src/ports/store.ts";
import { quietAlerts } from "../fakes/alerts.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";
import { keepEvents, keepLog, noMetrics } from "../fakes/quiet.ts";
import { createScriptChannel, type ScriptChannel } from "../fakes/script-channel.ts";

async function rigFor(t: TestContext, options?: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  t.after(() => rig.stop());
  return rig;
}

const to = (conversation: string): Address => ({ channel: "telegram", account: "default", conversation });
let made = 0;

function delivery(chat: string, change: Partial<NewDelivery> = {}): NewDelivery {
  made += 1;
  return {
    id: `d_${made}` as DeliveryId,
    key: `notice:${made}`,
    kind: "notice",
    address: to(chat),
    body: { text: `${chat}:${made}`, format: "plain" },
    entry: null,
    turn: null,
    part: 0,
    createdAt: Date.UTC(2026, 0, 1),
    ...change,
  };
}

const chatsOf = (channel: ScriptChannel): readonly string[] =>
  channel.sent.map(({ delivery: { address } }) => address.conversation);

/** A platform that takes one message every 100 ms over all, and answers after 50 ms. */
function pacedChannel(rig: () => Rig, inFlight = 4): ScriptChannel & { most: number } {
  const base = createScriptChannel("telegram", { inFlight });
  let freeAt = 0;
  let now = 0;
  const channel: ScriptChannel & { most: number } = {
    ...base,
    most: 0,
    room: () => Math.max(0, freeAt - rig().clock.monotonic()),
    async send(request): Promise<SendOutcome> {
      base.sent.push(request);
      freeAt = rig().clock.monotonic() + 100;
      channel.most = Math.max(channel.most, ++now);
      await rig().clock.sleep(50);
      now -= 1;
      return { kind: "sent", platformId: `p${base.sent.length}` };
    },
  };
  return channel;
}

test("a chat with a thousand waiting parts delays no other one", async (t) => {
  const channel = pacedChannel(() => rig);
  const rig: Rig = await rigFor(t, { channel });
  for (let i = 0; i < 1000; i++) await rig.store.addDelivery(delivery("flood"));
  rig.pipeline.outbox.wake();
  await rig.run(SECOND);
  for (const chat of ["a", "b", "c"]) await rig.store.addDelivery(delivery(chat));
  rig.pipeline.outbox.wake();
  const before = channel.sent.length;
  await rig.run(SECOND);
  assert.deepEqual(new Set(chatsOf(channel).slice(before, before + 4)), new Set(["a", "b", "c", "flood"]));
  assert.ok(channel.sent.length >= 18, "the pace was used");
});

test("an alert isn't stuck behind a flood, and neither is a command's answer", async (t) => {
  const channel = pacedChannel(() => rig);
  const rig: Rig = await rigFor(t, { channel });
  for (let i = 0; i < 200; i++) await rig.store.addDelivery(delivery("owner"));
  for (let i = 0; i < 20; i++) await rig.store.addDelivery(delivery(`other ${i}`));
  rig.pipeline.outbox.wake();
  await rig.run(SECOND);
  const before = channel.sent.length;
  await rig.store.addDelivery(delivery("owner", { kind: "command" }));
  await rig.store.addDelivery(delivery("owner", { kind: "alert" }));
  rig.pipeline.outbox.wake();
  await rig.run(4 * SECOND);
  const kinds = channel.sent.slice(before).map(({ delivery: { kind } }) => kind);
  assert.equal(kinds[0], "alert");
  assert.ok(kinds.indexOf("command") <= 22, `${kinds.indexOf("command")}`);
});

test("no more sends are under way at once than the channel takes", async (t) => {
  const channel = createScriptChannel("telegram", { inFlight: 3 });
  const rig = await rigFor(t, { channel });
  channel.outcomes.push(...Array<"hang">(10).fill("hang"));
  for (let i = 0; i < 10; i++) await rig.store.addDelivery(delivery(`chat ${i}`));
  rig.pipeline.outbox.wake();
  await rig.run(10 * SECOND);
  assert.equal(channel.sent.length, 3);
  assert.equal(new Set(chatsOf(channel)).size, 3);
});

test("live views leave their place to what people wait for, and one that wasn't shown in time never is", async (t) => {
  const channel = pacedChannel(() => rig, 1);
  const rig: Rig = await rigFor(t, { channel });
  const turn = "t_1" as TurnId;
  const view: Partial<NewDelivery> = { kind: "progress", key: `progress:${turn}`, turn };
  await rig.store.addDelivery(delivery("chat", view));
  for (let i = 0; i < 5; i++) await rig.store.addDelivery(delivery(`other ${i}`));
  await rig.store.addDelivery(delivery("chat", { kind: "reply", turn }));
  rig.pipeline.outbox.wake();
  await rig.run(5 * SECOND);
  assert.deepEqual(
    channel.sent.map(({ delivery: { kind } }) => kind),
    ["notice", "notice", "notice", "notice", "notice", "reply"],
  );
  assert.equal((await rig.store.delivery(`progress:${turn}`))?.state, "dead");
});

test("an edit of a live view waits while replies wait for a place", async (t) => {
  const channel = createScriptChannel("telegram", { progress: "edits", inFlight: 1 });
  const rig = await rigFor(t, { channel });
  rig.harness("echo").script = async function* () {
    for (let i = 0; i < 10; i++) {
      yield { kind: "text", delta: `${i} ` };
      await rig.clock.sleep(2 * SECOND);
    }
    yield { kind: "final", text: "done", files: [], usage: null };
  };
  await rig.say("count");
  await rig.run(3 * SECOND);
  const before = channel.edits.length;
  channel.outcomes.push("hang");
  for (const chat of ["a", "b"]) await rig.store.addDelivery(delivery(chat));
  rig.pipeline.outbox.wake();
  await rig.run(10 * SECOND);
  assert.equal(channel.edits.length, before, "an edit went before a reply");
  await rig.run(OUTBOX.sendText);
  assert.ok(chatsOf(channel).includes("b"));
});

test("a backlog is read in pages: what is loaded stays bounded, and all of it is sent in order", async () => {
  const first = await createRig();
  first.channel.status({ status: "failing" });
  const chats = Array.from({ length: 40 }, (_, i) => `chat ${i}`);
  for (let i = 0; i < 50; i++)
    await Promise.all(chats.map((chat) => first.store.addDelivery(delivery(chat, { part: i }))));
  await first.stop();
  const next = await createRig({ disk: first.disk, clock: first.clock });
  let most = 0;
  const count = (rows: readonly Delivery[]): readonly Delivery[] => {
    most = Math.max(most, rows.length);
    return rows;
  };
  const store = {
    ...next.store,
    openInLine: async (...of: Parameters<Store["openInLine"]>) => count(await next.store.openInLine(...of)),
    openAfter: async (...of: Parameters<Store["openAfter"]>) => count(await next.store.openAfter(...of)),
    pendingDeliveries: () => assert.fail("everything was read at once"),
  };
  const ids = { delivery: () => "d_new" as DeliveryId };
  const dispatcher = createDispatcher({
    store,
    ids,
    clock: next.clock,
    random: { next: () => 0.5, secret: () => "", uuid: () => "" },
    log: keepLog(),
    metrics: noMetrics,
    events: keepEvents(),
    channel: () => next.channel,
    editInDoubt: () => false,
  });
  next.channel.status({ status: "failing" });
  assert.deepEqual(await dispatcher.recover(), { ready: 2000, inDoubt: 0 });
  assert.equal(most, 0, "nothing is read before the channel is there");
  next.channel.status({ status: "connected" });
  dispatcher.poke();
  await next.run(MINUTE);
  assert.equal(next.channel.sent.length, 2000);
  assert.ok(most > 0 && most <= OUTBOX.window, `${most} rows at once`);
  for (const chat of chats) {
    const parts = next.channel.sent.filter(({ delivery: { address } }) => address.conversation === chat);
    assert.deepEqual(parts.map(({ delivery: { part } }) => part), Array.from({ length: 50 }, (_, i) => i)); // prettier-ignore
  }
  const drained = dispatcher.drain(0);
  await next.run(SECOND);
  await drained;
  await next.stop();
});

test("a send that was given up and ends later changes nothing, and is seen", async (t) => {
  const base = createScriptChannel("telegram");
  const late = Promise.withResolvers<SendOutcome>();
  let first = true;
  const send: Channel["send"] = (request, signal) => {
    if (!first) return base.send(request, signal);
    first = false;
    base.sent.push(request);
    return late.promise;
  };
  const rig = await rigFor(t, { channel: { ...base, send } });
  const { key } = await rig.pipeline.operate.notify(to("1"), "hello", null);
  await rig.run(OUTBOX.sendText + 10 * SECOND);
  assert.deepEqual(base.sent.map(({ repeat }) => repeat), [false, true]); // prettier-ignore
  const before = await rig.store.delivery(key);
  assert.deepEqual([before?.state, before?.attempts, before?.platformId], ["sent", 2, "p2"]);
  late.resolve({ kind: "sent", platformId: "late" });
  await rig.run();
  assert.deepEqual(await rig.store.delivery(key), before);
  const seen = rig.log.filter(({ event }) => event === "delivery.late");
  assert.deepEqual(seen.map(({ fields }) => [fields["attempt"], fields["outcome"]]), [[1, "sent"]]); // prettier-ignore
});

test("a wall clock that jumps sends nothing early or late, and makes nothing old", async (t) => {
  const rig = await rigFor(t);
  rig.channel.outcomes.push({ kind: "wait", after: 30 * SECOND, scope: "chat" });
  await rig.pipeline.operate.notify(to("1"), "hello", null);
  await rig.run(SECOND);
  rig.clock.jump(-24 * 60 * MINUTE);
  await rig.run(28 * SECOND);
  assert.equal(rig.channel.sent.length, 1);
  rig.clock.jump(2 * 24 * 60 * MINUTE);
  await rig.run(2 * SECOND);
  assert.deepEqual(rig.texts(), ["hello", "hello"]);
});

test("an account that can't send is told once, and once that it can again", async (t) => {
  const told: string[] = [];
  const alerts = quietAlerts();
  const rig = await rigFor(t, {
    alerts: {
      ...alerts,
      raise: (alert) => (told.push(`raised ${alert.code} ${alert.subject}`), alerts.raise(alert)),
      resolve: (code, subject) => void told.push(`over ${code} ${subject}`),
    },
  });
  for (let i = 0; i < 9; i++) rig.channel.outcomes.push({ kind: "not-sent", detail: "connection refused" });
  for (const chat of ["a", "b", "c"]) await rig.pipeline.operate.notify(to(chat), "hello", null);
  await rig.run(SECOND);
  assert.deepEqual(told, ["raised sends-failing sends/telegram/default"]);
  await rig.run(MINUTE);
  assert.deepEqual(told.slice(1), ["over sends-failing sends/telegram/default"]);
  assert.equal(rig.texts().length, 12);
});

test("a time that was stored by a clock that ran ahead holds nothing back for long", async () => {
  const first = await createRig();
  first.channel.outcomes.push({ kind: "wait", after: 30 * SECOND, scope: "chat" });
  await first.pipeline.operate.notify(to("1"), "hello", null);
  await first.run();
  await first.stop();
  first.clock.jump(-24 * 60 * MINUTE);
  const next = await createRig({ disk: first.disk, clock: first.clock });
  await next.pipeline.outbox.recover();
  await next.run(OUTBOX.storedWait + SECOND);
  assert.deepEqual(next.texts(), ["hello"]);
  await next.stop();
});
