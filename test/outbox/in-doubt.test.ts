import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { parseAddress } from "../../src/core/address.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { quietAlerts } from "../fakes/alerts.ts";
import { createRig, type Rig, type RigOptions } from "../fakes/core-rig.ts";
import {
  createStrictChannel,
  REPEAT_MARK,
  type Mishap,
  type StrictChannel,
} from "../fakes/strict-channel.ts";

const chat = parseAddress("telegram/default/100") ?? { channel: "", account: "", conversation: "" };

async function play(
  channel: StrictChannel,
  mishaps: readonly Mishap[],
  options: RigOptions = {},
): Promise<Rig> {
  const rig = await createRig({ ...options, channel });
  channel.mishaps.push(...mishaps);
  await rig.say("hello");
  await rig.run(10 * MINUTE);
  return rig;
}

const texts = (channel: StrictChannel): readonly string[] => channel.visible().map(({ text }) => text);

describe("a send in doubt", () => {
  it("is sent again with the same key where the platform knows keys: once, without a mark", async () => {
    const channel = createStrictChannel("nonce");
    const rig = await play(channel, ["response-lost", "request-lost"]);
    assert.deepEqual(texts(channel), ["echo: hello"]);
    assert.deepEqual(channel.sent.map(({ delivery }) => delivery.key), Array(3).fill(channel.sent[0]?.delivery.key)); // prettier-ignore
    const [message] = await rig.store.messages({ limit: 1 });
    assert.deepEqual(message?.deliveries.map(({ state, inDoubt }) => [state, inDoubt]), [["sent", true]]); // prettier-ignore
    await rig.stop();
  });

  it("is marked once the platform has forgotten its keys", async () => {
    const channel = createStrictChannel("nonce", { remembers: 5 * SECOND });
    const rig = await play(channel, Array<Mishap>(5).fill("request-lost"));
    assert.deepEqual(channel.sent.map(({ repeat }) => repeat), [false, false, false, true, true, true]); // prettier-ignore
    await rig.stop();
  });

  it("is looked for first where the platform can be read: what is there isn't sent again", async () => {
    const channel = createStrictChannel("read-back");
    channel.blind.push(true, true);
    const rig = await play(channel, ["response-lost"]);
    assert.equal(channel.looks.length, 3);
    assert.equal(channel.sent.length, 1);
    assert.deepEqual(texts(channel), ["echo: hello"]);
    const [message] = await rig.store.messages({ limit: 1 });
    assert.equal(message?.entry.state, "done");
    assert.equal(message?.deliveries[0]?.platformId, "p1");
    await rig.stop();
  });

  it("is sent again without a mark when the look finds nothing", async () => {
    const channel = createStrictChannel("read-back");
    const rig = await play(channel, ["request-lost"]);
    assert.deepEqual([channel.looks.length, texts(channel)], [1, ["echo: hello"]]);
    await rig.stop();
  });

  it("is marked where nothing else can be done", async () => {
    const channel = createStrictChannel("repeat");
    const rig = await play(channel, ["response-lost"]);
    assert.deepEqual(texts(channel), ["echo: hello", `${REPEAT_MARK}echo: hello`]);
    await rig.stop();
  });

  it("is given up after eight doubts, however often it was refused a connection before; the reader and the operator are told", async () => {
    const alerts = quietAlerts();
    const raised: string[] = [];
    const channel = createStrictChannel("repeat");
    const rig = await createRig({
      channel,
      alerts: {
        ...alerts,
        raise: (alert) => (raised.push(`${alert.code} ${alert.subject}`), alerts.raise(alert)),
      },
    });
    channel.mishaps.push(...Array<Mishap>(20).fill("not-sent"), ...Array<Mishap>(8).fill("request-lost"));
    await rig.say("hello");
    await rig.run(60 * MINUTE);
    assert.equal(channel.sent.length, 29);
    assert.match(texts(channel).join(), /^It is not certain that all of this answer arrived/);
    assert.deepEqual(raised, [
      "sends-failing sends/telegram/default",
      "reply-undelivered deliveries/telegram/default",
    ]);
    const [message] = await rig.store.messages({ limit: 1 });
    assert.equal(message?.entry.state, "dead");
    assert.equal(message?.reply?.text, "echo: hello", "the reply is kept");
    await rig.stop();
  });
});

describe("the final text, after an edit in doubt", () => {
  const slow = (rig: Rig): void => {
    rig.harness("echo").script = async function* () {
      yield { kind: "text", delta: "beginning" };
      await rig.clock.sleep(3 * SECOND);
      yield { kind: "text", delta: " and more" };
      await rig.clock.sleep(3 * SECOND);
      yield { kind: "final", text: "the whole answer", files: [], usage: null };
    };
  };

  it("stands in the end, though the edit lands last", async () => {
    const channel = createStrictChannel("edit");
    const rig = await createRig({ channel });
    slow(rig);
    channel.mishaps.push("none", "late");
    await rig.say("hello");
    await rig.run(20 * SECOND);
    channel.landLate();
    assert.deepEqual(texts(channel), ["the whole answer"]);
    await rig.stop();
  });

  it("is asserted once more where it was written into the doubtful message", async () => {
    const channel = createStrictChannel("edit");
    const send: StrictChannel["send"] = (request, signal) => channel.send(request, signal);
    const careless: StrictChannel = {
      ...channel,
      send: (request, signal) =>
        send(
          request.replaces === null
            ? request
            : { ...request, replaces: { ...request.replaces, editInDoubt: false } },
          signal,
        ),
    };
    const rig = await createRig({ channel: careless });
    slow(rig);
    channel.mishaps.push("none", "late");
    await rig.say("hello");
    await rig.run(20 * SECOND);
    await rig.pipeline.operate.notify(chat, "goes on meanwhile", null);
    await rig.run(SECOND);
    assert.deepEqual(texts(channel), ["the whole answer", "goes on meanwhile"]);
    channel.landLate();
    assert.notEqual(texts(channel)[0], "the whole answer");
    await rig.run(MINUTE);
    assert.deepEqual(texts(channel), ["the whole answer", "goes on meanwhile"]);
    const [message] = await rig.store.messages({ limit: 1 });
    assert.equal(message?.entry.state, "done");
    await rig.stop();
  });

  it("doesn't rely on a live view of an earlier gateway, whose edits nobody knows of", async () => {
    const channel = createStrictChannel("edit");
    const rig = await createRig({ channel });
    slow(rig);
    channel.mishaps.push("none", "late");
    await rig.say("hello");
    await rig.run(5 * SECOND);
    assert.equal(channel.edits.length, 1);
    channel.status({ status: "failing" });
    await rig.run(5 * SECOND);
    const next = await createRig({ channel, disk: rig.disk, clock: rig.clock });
    await rig.stop();
    await next.pipeline.outbox.recover();
    channel.status({ status: "connected" });
    await next.run(10 * SECOND);
    channel.landLate();
    assert.deepEqual(texts(channel), ["the whole answer"]);
    await next.stop();
  });
});

test("whatever befalls its requests, an answer is there, and is there once or its repeats are marked", async () => {
  const mishap = fc.constantFrom<Mishap>("request-lost", "response-lost", "late", "not-sent", "none");
  const rule = fc.constantFrom("repeat", "nonce", "read-back", "edit");
  let copies = 0;
  await fc.assert(
    fc.asyncProperty(
      rule,
      fc.array(mishap, { maxLength: 6 }),
      fc.nat({ max: 40 }),
      async (inDoubt, mishaps, stop) => {
        const channel = createStrictChannel(inDoubt);
        channel.mishaps.push(...mishaps);
        const rig = await createRig({ channel });
        await rig.say("one\n\ntwo");
        await rig.run(stop * SECOND);
        const next = await createRig({ channel, disk: rig.disk, clock: rig.clock });
        await rig.stop();
        await next.pipeline.outbox.recover();
        await next.pipeline.resume();
        await next.run(5 * MINUTE);
        channel.landLate();
        for (const text of ["one", "two"]) {
          const seen = texts(channel).filter((shown) => shown.endsWith(text));
          const plain = seen.filter((shown) => !shown.startsWith(REPEAT_MARK));
          assert.ok(seen.length > 0, `${text} is there`);
          const flagged = channel.sent.some(
            ({ delivery }) => delivery.body.text.endsWith(text) && delivery.inDoubt,
          );
          assert.ok(seen.length === 1 || flagged, "a copy that nobody flagged");
          // A platform that is only looked at may show a late one after the look.
          if (inDoubt !== "read-back")
            assert.ok(plain.length <= 1, `${plain.length} unmarked copies of ${text}`);
          if (inDoubt === "nonce") assert.equal(seen.length, 1);
          copies += seen.length - 1;
        }
        const [message] = await next.store.messages({ limit: 1 });
        assert.equal(message?.entry.state, "done");
        await next.stop();
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(copies > 0, "some were repeated");
});
