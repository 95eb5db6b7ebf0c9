// The whole program between a strict fake of Telegram and the echo harness.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { startTelegram, type FakeTelegram } from "../fakes/telegram/server.ts";
import { makeHome, startGateway, type Gateway, type Home } from "./program.ts";

const PERSON = 12345;
const LONG = 20_000;

interface Stage {
  readonly telegram: FakeTelegram;
  readonly home: Home;
}

async function stage(t: TestContext, echo: object = {}, account: object = {}): Promise<Stage> {
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off" });
  t.after(() => telegram.close());
  const home = makeHome(t);
  const { token, root: apiRoot } = telegram;
  home.configure({
    owners: [`telegram/default/${PERSON}`],
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    harnesses: { echo },
    channels: { telegram: { accounts: { default: { token, apiRoot, ...account } } } },
  });
  return { telegram, home };
}

/** Waits for something that must come, and says what was there when it didn't. */
async function eventually<T>(look: () => T | undefined, what: string): Promise<T> {
  for (const until = Date.now() + LONG; Date.now() < until; await wait(20)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new assert.AssertionError({ message: `never came: ${what}` });
}

/** Texts of the bot that are there to be read in a chat. */
const readable = (telegram: FakeTelegram, chat = PERSON): readonly string[] =>
  telegram
    .chat(chat)
    .messages.filter(({ fromBot, deleted }) => fromBot && !deleted)
    .map(({ text }) => text);
const answers = (telegram: FakeTelegram, count: number, chat = PERSON): Promise<readonly string[]> =>
  eventually(
    () => (readable(telegram, chat).length >= count ? readable(telegram, chat) : undefined),
    `${count} answers, got ${JSON.stringify(readable(telegram, chat))}`,
  );
const done = (gateway: Gateway, count: number): Promise<true> =>
  eventually(
    () => (gateway.lines.filter(({ event }) => event === "message.done").length >= count ? true : undefined),
    `${count} messages done`,
  );
const stored = async (gateway: Gateway): Promise<readonly Record<string, unknown>[]> =>
  (await gateway.api("/api/v1/messages?limit=200")).json["messages"] as Record<string, unknown>[];

test("a message on Telegram is answered there, with one sound, at the end", async (t) => {
  const { telegram, home } = await stage(t, { delay: "400ms" });
  const gateway = await startGateway(t, home);
  telegram.say("one two three four five six");
  await done(gateway, 1);
  assert.deepEqual(readable(telegram), ["one two three four five six"]);
  assert.equal(telegram.chat(PERSON).notifications, 1);
  await gateway.stop();
});

test("a redelivered update is one turn; nothing is confirmed before it is stored", async (t) => {
  const { telegram, home } = await stage(t);
  const gateway = await startGateway(t, home);
  // The answer to the poll that confirms the message is lost: the platform delivers it again.
  telegram.script({ method: "getUpdates", trouble: { kind: "lose" } });
  const { updateId } = telegram.say("once");
  await answers(telegram, 1);
  await eventually(() => (telegram.confirmedOffset > updateId ? true : undefined), "the confirmation");
  assert.equal((await stored(gateway)).length, 1);
  await gateway.stop();
});

test("an album of ten and a paste of ten thousand characters are one turn each", async (t) => {
  const { telegram, home } = await stage(t);
  const gateway = await startGateway(t, home);
  telegram.album(10, { caption: "look at these" });
  await answers(telegram, 1);
  const paste = "x".repeat(10_000);
  for (let at = 0; at < paste.length; at += 4096) telegram.say(paste.slice(at, at + 4096));
  await eventually(
    () => (readable(telegram).join("").replaceAll(/[^x]/g, "").length >= 10_000 ? true : undefined),
    "the pasted text back",
  );
  const turns = gateway.lines.filter(({ event }) => event === "turn.started").map(({ turn }) => turn);
  assert.equal(new Set(turns).size, 2);
  assert.equal((await stored(gateway)).length, 13);
  await gateway.stop();
});

test("a gateway that is killed answers after its next start what was stored, once", async (t) => {
  const { telegram, home } = await stage(t, { delay: "500ms" });
  const gateway = await startGateway(t, home);
  telegram.say("one two three four");
  await gateway.logged("turn.started");
  await gateway.kill();
  telegram.say("and this, meanwhile");
  const next = await startGateway(t, home);
  await done(next, 2);
  assert.deepEqual(readable(telegram), ["one two three four", "and this, meanwhile"]);
  assert.equal(telegram.chat(PERSON).notifications, 2);
  await next.stop();
});

test("a stranger pairs by a code that the owner approves in the chat", async (t) => {
  const { telegram, home } = await stage(t);
  const gateway = await startGateway(t, home);
  telegram.say("hello?", { from: 777, name: "Eve" });
  const [told = ""] = await answers(telegram, 1, 777);
  const code = /Your code is (\w{8})/.exec(told)?.[1] ?? "";
  telegram.say(`/approve ${code}`);
  assert.match((await answers(telegram, 1))[0] ?? "", /Admitted/);
  telegram.say("hello again", { from: 777 });
  assert.equal((await answers(telegram, 2, 777))[1], "hello again");
  await gateway.stop();
});

test("a token that is refused keeps the gateway from being ready, and says so; the page goes on", async (t) => {
  const { telegram, home } = await stage(t);
  telegram.revoke();
  const gateway = await startGateway(t, home, { ready: false });
  await gateway.logged("channel.failed");
  const { status, json } = await gateway.api("/readyz");
  assert.equal(status, 503);
  const failing = json["failing"] as Record<string, unknown>[];
  assert.deepEqual(
    failing.map(({ kind, id, code }) => ({ kind, id, code })),
    [{ kind: "channel", id: "telegram/default", code: "token-refused" }],
  );
  const answer = await gateway.api("/api/v1/messages?wait=10", { body: { text: "still here?" } });
  assert.equal(answer.status, 200);
  telegram.revoke(false);
  await gateway.logged("gateway.ready");
  await gateway.stop();
});
