// The receive path of Telegram over long spans, on a clock of the test: a poll that hangs while sends work, and a cursor
// that nobody moved for days.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, MINUTE, SECOND } from "../../src/core/time.ts";
import { until } from "../contracts/until.ts";
import { delivery } from "../contracts/store-samples.ts";
import { openRig, place } from "../channels/telegram-rig.ts";

test("polling stalls while sends work: it is ended and begun again, and the state tells", async (t) => {
  const rig = await openRig();
  t.after(() => rig.close());
  await rig.connect();
  const hang = rig.fake.script({ method: "getUpdates", times: 3, trouble: { kind: "hang" } });
  const polls = (): number => rig.fake.calls.filter(({ method }) => method === "getUpdates").length;
  rig.fake.updates.close();
  await until(() => hang.left === 2, "hung");
  rig.fake.say("unheard until then");
  const before = polls();
  let seconds = 0;
  let sends = 0;
  for (; polls() === before && seconds < 120; seconds++) {
    await rig.clock.advance(SECOND);
    if (seconds % 10 !== 0) continue;
    const sent = await rig.channel.send(
      {
        delivery: {
          ...delivery(`d${seconds}`, { address: place(12345) }),
          seq: seconds,
          state: "sending",
          attempts: 1,
          inDoubt: false,
          notBefore: 0,
          platformId: null,
        },
        replaces: null,
        repeat: false,
        last: true,
      },
      new AbortController().signal,
    );
    if (sent.kind === "sent") sends += 1;
  }
  t.diagnostic(
    `polling stalls while sends work: ended and begun again after ${seconds} s, ${sends} sends meanwhile`,
  );
  assert.ok(sends > 0);
  assert.ok(seconds <= 45, `${seconds} s`);
  assert.equal(rig.channel.state().status, "connected", "one lost poll is everyday life");
  // The next ones are proofs that don't wait: those that hang are failures, whatever sends do.
  await rig.clock.advance(16 * SECOND);
  await until(() => rig.channel.state().status === "failing", "told");
  await rig.clock.advance(MINUTE);
  await until(() => rig.intake.messages.some(({ body }) => body.text === "unheard until then"), "received");
});

test("a cursor is dropped after six silent days, and begins afresh with another bot", async (t) => {
  const rig = await openRig({ options: { groups: { "-1001": {} } } });
  t.after(() => rig.close());
  const said = rig.fake.sayInGroup(-1001, "just talking");
  const value = String(said.updateId);
  rig.cursors.set("telegram/default/7001", { value, at: rig.clock.now() - 6 * DAY });
  rig.cursors.set("telegram/default/8002", { value: "999999999", at: rig.clock.now() });
  rig.run();
  await until(() => rig.intake.messages.length === 1, "received");
  t.diagnostic(`a cursor of six silent days, and one of another bot: lost ${1 - rig.intake.messages.length}`);
  const batch = rig.intake.batches.find(({ cursor }) => cursor !== undefined);
  assert.equal(batch?.cursor?.identity, "7001");
});
