// What a platform may do to a message on its way in: the real program on a strict fake of Telegram.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHome, startGateway } from "../gateway/program.ts";
import { answeredOn, eventually, PERSON, storedBy, telegramHome, turnsOf } from "./telegram-stage.ts";

const QUEUE = { agents: { list: [{ id: "main", model: { primary: "echo/default" }, midTurn: "queue" }] } };

test("the same update fifty times is one turn", async (t) => {
  const home = makeHome(t);
  const telegram = await telegramHome(t, home);
  const { updateId } = telegram.say("only once");
  const payload = telegram.updates.waiting[0]?.["message"];
  for (let i = 0; i < 24; i++) telegram.updates.repeat(updateId);
  const gateway = await startGateway(t, home);
  await eventually(() => (answeredOn(telegram).length > 0 ? true : undefined), "the answer");
  // As another Bot API server has it: the same message under other ids.
  for (let i = 0; i < 25; i++) telegram.updates.push("message", payload);
  telegram.say("and something new");
  await eventually(() => (answeredOn(telegram).includes("and something new") ? true : undefined), "the next");
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  const suppressed = Number(/^rollcall_duplicates_suppressed_total (\d+)/m.exec(metrics)?.[1]);
  const turns = turnsOf(gateway).size - 1;
  t.diagnostic(`the same update 50 times: turns ${turns}, duplicates suppressed ${suppressed}`);
  assert.deepEqual(answeredOn(telegram), ["only once", "and something new"]);
  assert.deepEqual([turns, suppressed], [1, 49]);
  await gateway.stop();
});

test("an edit that comes before its original, and updates out of order: the order of arrival, each its own turn", async (t) => {
  const home = makeHome(t);
  const telegram = await telegramHome(t, home, QUEUE);
  // Said while nobody listens, and then delivered in another order.
  const first = telegram.say("first");
  const second = telegram.say("second");
  telegram.edit(first.messageId, "first, corrected");
  const order = [3, 2, 1].map((n) => first.updateId + n - 1);
  for (const id of order) telegram.updates.repeat(id);
  telegram.updates.drop(3);
  const gateway = await startGateway(t, home);
  await eventually(() => (answeredOn(telegram).length >= 3 ? true : undefined), "three answers");
  telegram.say("last");
  await eventually(() => (answeredOn(telegram).length >= 4 ? true : undefined), "the last");
  const stored = (await storedBy(gateway)).toReversed().map(({ text }) => text);
  t.diagnostic(`edit before its original: order ${JSON.stringify(answeredOn(telegram))}`);
  assert.deepEqual(stored, ["first, corrected", "second", "first", "last"]);
  assert.deepEqual(answeredOn(telegram), stored);
  assert.ok(second.updateId > first.updateId);
  await gateway.stop();
});

test("update ids that begin anew below are accepted, before and after a restart; another bot begins afresh", async (t) => {
  const home = makeHome(t);
  const telegram = await telegramHome(t, home, QUEUE);
  const gateway = await startGateway(t, home);
  telegram.say("high");
  await eventually(() => (answeredOn(telegram).length === 1 ? true : undefined), "high");
  telegram.updates.setNextId(5);
  telegram.say("low");
  await eventually(() => (answeredOn(telegram).length === 2 ? true : undefined), "low");
  await gateway.loggedTimes("message.done", 2);
  await gateway.kill();
  telegram.updates.setNextId(3);
  telegram.say("lower");
  const next = await startGateway(t, home);
  await eventually(() => (answeredOn(telegram).includes("lower") ? true : undefined), "lower");
  t.diagnostic(`update ids start lower: lost ${3 - answeredOn(telegram).length}`);
  assert.deepEqual(answeredOn(telegram), ["high", "low", "lower"]);
  await next.stop();
  // The same account with another bot's token, whose ids are far below the cursor of the first.
  const other = await telegramHome(t, home, QUEUE, {}, { token: "2:another-secret", botId: 7002 });
  other.updates.setNextId(1);
  other.say("to the new bot");
  const third = await startGateway(t, home);
  await eventually(() => (answeredOn(other).length === 1 ? true : undefined), "the new bot's answer");
  await third.stop();
});

test("/stop in mid-turn and a command pass the lane", async (t) => {
  const home = makeHome(t);
  const telegram = await telegramHome(t, home, {
    ...QUEUE,
    owners: [`telegram/default/${PERSON}`],
    harnesses: { echo: { delay: "30s" } },
  });
  const gateway = await startGateway(t, home);
  telegram.say("one two three");
  await gateway.logged("turn.started");
  for (const [command, event] of [
    ["/whoami", "message.accepted"],
    ["/stop", "turn.finished"],
  ] as const) {
    const times = gateway.lines.filter((line) => line.event === event).length;
    const begun = performance.now();
    telegram.say(command);
    await gateway.loggedTimes(event, times + 1);
    const ms = Math.round(performance.now() - begun);
    t.diagnostic(`${command} in mid-turn: ${event} after ${ms} ms`);
    assert.ok(ms < 1000, `${ms} ms`);
  }
  await eventually(() => (answeredOn(telegram).length >= 2 ? true : undefined), "both answers");
  const states = (await storedBy(gateway)).map(({ state }) => state);
  assert.ok(states.includes("cancelled"));
  await gateway.stop();
});

test("a chat becomes a supergroup in mid-life: bindings, access and session move, nothing is lost", async (t) => {
  const group = -4242;
  const home = makeHome(t);
  const groups = { [group]: { agent: "other", mention: false } };
  const agents = ["main", "other"].map((id) => ({
    id,
    model: { primary: "echo/default" },
    midTurn: "queue",
  }));
  const telegram = await telegramHome(t, home, { agents: { list: agents } }, { groups });
  const gateway = await startGateway(t, home);
  telegram.sayInGroup(group, "before");
  await eventually(() => (answeredOn(telegram, group).length === 1 ? true : undefined), "before");
  telegram.sayInGroup(group, "on the way");
  const fresh = telegram.migrate(group);
  telegram.sayInGroup(fresh, "after");
  await eventually(() => (answeredOn(telegram, fresh).includes("after") ? true : undefined), "after");
  const answered = [...answeredOn(telegram, group), ...answeredOn(telegram, fresh)];
  await eventually(
    async () => ((await storedBy(gateway)).every(({ state }) => state === "done") ? true : undefined),
    "the end of all",
  );
  const stored = await storedBy(gateway);
  const sessions = new Set(stored.map(({ session }) => session));
  t.diagnostic(`a chat becomes a supergroup: lost ${3 - stored.length}, sessions ${sessions.size}`);
  assert.deepEqual(
    stored.map(({ text }) => String(text)).sort((a, b) => a.localeCompare(b)),
    ["after", "before", "on the way"],
  );
  assert.ok(answered.some((text) => text === "on the way"));
  assert.deepEqual([...sessions], [`agent:other:telegram:group:${fresh}`]);
  await gateway.kill();
  // The configuration still has the old id.
  const next = await startGateway(t, home);
  telegram.sayInGroup(fresh, "after a restart");
  await eventually(
    () => (answeredOn(telegram, fresh).includes("after a restart") ? true : undefined),
    "after a restart",
  );
  assert.equal((await storedBy(next))[0]?.["session"], `agent:other:telegram:group:${fresh}`);
  await next.stop();
});
