import assert from "node:assert/strict";
import { test } from "node:test";
import type { Delivery } from "../../src/core/delivery.ts";
import type { DeliveryId } from "../../src/core/ids.ts";
import { web } from "../../src/channels/web/channel.ts";
import { channelSuite, type ChannelRig } from "../contracts/channel-suite.ts";
import { createRecordingIntake } from "../contracts/recording-intake.ts";
import { openRig } from "../http/rig.ts";
import type { Channel, ChannelDeps, SendRequest } from "../../src/ports/channel.ts";
import { createFakeClock, settle, type FakeClock } from "../fakes/clock.ts";

async function open(): Promise<{ channel: Channel; clock: FakeClock }> {
  const clock = createFakeClock();
  const section = {
    id: "default",
    options: {},
    at: "channels.web.accounts.default",
    baseDir: "/",
    secret: () => Promise.reject(new TypeError("it has none")),
  };
  const account = await web.plan(section);
  assert.deepEqual([account.kind, account.account, account.access.direct.policy], ["web", "default", "off"]);
  // Of what channels are opened with, this one needs the time alone.
  return { channel: account.open({ clock } as unknown as ChannelDeps), clock };
}

const request = (channel: string, account: string): SendRequest => {
  const delivery: Delivery = {
    id: "d_1" as DeliveryId,
    key: "reply:t_1:0",
    kind: "reply",
    address: { channel, account, conversation: "main" },
    body: { text: "hi", format: "markdown" },
    entry: null,
    turn: null,
    part: 0,
    createdAt: 0,
    seq: 1,
    state: "sending",
    attempts: 1,
    inDoubt: false,
    notBefore: 0,
    platformId: null,
  };
  return { delivery, replaces: null, repeat: false, last: true };
};

test("it has no options", async () => {
  const schema = await web.schema();
  assert.ok(schema.safeParse({}).success);
  assert.ok(!schema.safeParse({ token: "x" }).success);
});

test("it is connected as soon as it runs, until it is told to stop", async () => {
  const { channel, clock } = await open();
  let changes = 0;
  channel.onState(() => changes++);
  assert.deepEqual([channel.state().status, channel.state().lastReceive], ["starting", null]);
  const stop = new AbortController();
  const running = channel.run(stop.signal);
  await clock.advance(3600_000);
  assert.deepEqual([channel.state().status, channel.state().lastReceive], ["connected", 3600_000]);
  stop.abort();
  await running;
  await settle();
  assert.deepEqual([channel.state().status, changes], ["stopped", 2]);
  await channel.run(AbortSignal.abort());
  assert.equal(channel.state().status, "stopped");
});

test("a send of its own is sent, as the delivery that it is, and any other is refused", async () => {
  const { channel } = await open();
  const { signal } = new AbortController();
  assert.deepEqual(await channel.send(request("web", "default"), signal), {
    kind: "sent",
    platformId: "d_1",
  });
  assert.equal((await channel.send(request("web", "other"), signal)).kind, "refused");
  assert.equal((await channel.send(request("telegram", "default"), signal)).kind, "refused");
});

test("a reply is one part, whole, with its files by name and without their folders", async () => {
  const { channel } = await open();
  const context = {
    address: { channel: "web", account: "default", conversation: "main" },
    quote: null,
    chat: "direct",
  } as const;
  const long = "x".repeat(400_000);
  assert.deepEqual(channel.plan({ text: long, files: [] }, context), [{ text: long, format: "markdown" }]);
  const [one] = channel.plan({ text: "Done.", files: ["/home/somebody/a`b.pdf"] }, context);
  assert.equal(one?.text, "Done.\n\nA file was made:\n\n- `ab.pdf`");
  const [two] = channel.plan({ text: "", files: ["/x/a", "C:\\x\\b"] }, context);
  assert.equal(two?.text, "Files were made:\n\n- `a`\n- `b`");
});

/** A client of the API that keeps what it sent until it was confirmed, and sends it again under the same id. */
async function openContractRig(): Promise<ChannelRig> {
  const ends: (() => unknown)[] = [];
  const { channel, clock } = await open();
  const intake = createRecordingIntake();
  const rig = await openRig({ after: (end: unknown) => void ends.push(end as () => unknown) });
  const store = rig.desk.intake.accept.bind(rig.desk.intake);
  rig.desk.intake.accept = async (batch) => {
    await intake.accept(batch);
    return store(batch);
  };
  const waiting = new Map<string, string>();
  const sending = new Set<Promise<void>>();
  const send = (id: string, text: string): void => {
    const sent = rig
      .ask({ method: "POST", path: "/api/v1/messages", body: { id, text, conversation: "main" } })
      .then(({ status }) => void (status === 202 && waiting.delete(id)));
    sending.add(sent);
    void sent.then(() => sending.delete(sent));
  };
  let said = 0;
  return {
    channel,
    intake,
    address: { channel: "web", account: "default", conversation: "main" },
    say(text) {
      const id = `said-${++said}`;
      waiting.set(id, text);
      send(id, text);
      return Promise.resolve();
    },
    unconfirmed: () => Promise.resolve(waiting.size > 0),
    shown: () => Promise.resolve([]),
    async pass(ms) {
      await clock.advance(ms);
      if (ms < 1000 || sending.size > 0) return;
      for (const [id, text] of waiting) send(id, text);
    },
    leftovers: () => Promise.resolve(clock.pending === 0 ? [] : ["timers"]),
    async close() {
      await Promise.all(sending);
      for (const end of ends) await end();
    },
  };
}

const NO_PLATFORM = "there is no platform between the gateway and the page";

channelSuite({
  name: "web",
  open: openContractRig,
  skips: {
    "survives an outage": NO_PLATFORM,
    sends: "answers are read from the store; the send itself is tested above",
    unreachable: NO_PLATFORM,
    "answer-lost": NO_PLATFORM,
    refused: NO_PLATFORM,
    paced: NO_PLATFORM,
  },
});
