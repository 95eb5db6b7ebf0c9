// The whole gateway with the real Claude Code behind it: a model service on loopback, a strict fake of Telegram, a real
// browser. Each failure ends in the state and the text of docs/failure-table.md.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { startTelegram, type FakeTelegram } from "../fakes/telegram/server.ts";
import {
  makeHome,
  replyOf,
  startGateway,
  type Gateway,
  type Home,
  type RunOptions,
} from "../gateway/program.ts";
import { startFakeModelApi, type FakeModelApi } from "./fake-model-api.ts";
import { claudeProgram } from "./installed.ts";
import { claudeVariables, scripted } from "./real-claude.ts";

const PERSON = 12345;
const PATIENCE = 60_000;
const chromium = "/usr/bin/chromium";

interface Stage {
  readonly api: FakeModelApi;
  readonly telegram: FakeTelegram;
  readonly home: Home;
  readonly start: (options?: RunOptions & { readonly ready?: boolean }) => Promise<Gateway>;
}

async function stage(
  t: TestContext,
  given: { readonly key?: string | null; readonly agent?: object } = {},
): Promise<Stage> {
  const api = await startFakeModelApi();
  api.answer(scripted);
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off" });
  const home = makeHome(t);
  t.after(() => Promise.all([api.close(), telegram.close()]));
  home.configure({
    owners: [`telegram/default/${PERSON}`],
    agents: {
      list: [
        { id: "main", model: { primary: "claude-cli/default" }, hold: { noticeAfter: "1s" }, ...given.agent },
      ],
    },
    harnesses: { "claude-cli": { command: claudeProgram(), env: claudeVariables(api, given.key) } },
    channels: { telegram: { accounts: { default: { token: telegram.token, apiRoot: telegram.root } } } },
  });
  return { api, telegram, home, start: (options) => startGateway(t, home, options) };
}

async function eventually<T>(look: () => T | undefined, what: () => string): Promise<T> {
  for (const until = Date.now() + PATIENCE; Date.now() < until; await wait(50)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new assert.AssertionError({ message: `never came: ${what()}` });
}

const readable = (telegram: FakeTelegram): readonly string[] =>
  telegram
    .chat(PERSON)
    .messages.filter(({ fromBot, deleted }) => fromBot && !deleted)
    .map(({ text }) => text);
const reading = (telegram: FakeTelegram, pattern: RegExp): Promise<string> =>
  eventually(
    () => readable(telegram).find((text) => pattern.test(text)),
    () => `${String(pattern)} among ${JSON.stringify(readable(telegram))}`,
  );
const states = async (gateway: Gateway): Promise<readonly unknown[]> => {
  const { json } = await gateway.api("/api/v1/messages");
  return (json["messages"] as { state: string }[]).map(({ state }) => state);
};
const inState = async (gateway: Gateway, state: string): Promise<void> => {
  for (const until = Date.now() + PATIENCE; Date.now() < until; await wait(100))
    if ((await states(gateway)).includes(state)) return;
  assert.fail(`no message is ${state}: ${JSON.stringify(await states(gateway))}`);
};

test("a message on Telegram is answered by the real program, whose session goes on after a restart", async (t) => {
  const { telegram, start } = await stage(t);
  const first = await start();
  telegram.say("my name is Ada");
  await reading(telegram, /You said: .*my name is Ada/s);
  await first.logged("message.done");
  assert.equal(await first.stop(), 0);
  const second = await start();
  telegram.say("what was it I said first?");
  await reading(telegram, /user: .*my name is Ada.*what was it I said first\?/s);
  await second.logged("message.done");
  await second.kill();
  const third = await start();
  telegram.say("and what was it now?");
  await reading(telegram, /my name is Ada.*and what was it now\?/s);
  assert.equal(telegram.chat(PERSON).notifications, 3);
  await third.stop();
});

test(
  "a message on the page is answered by the real program, in a real browser",
  { skip: existsSync(chromium) ? false : "no Chromium here" },
  async (t) => {
    const { start } = await stage(t);
    const gateway = await start();
    const { json } = await gateway.api("/api/v1/links", { method: "POST" });
    const { chromium: browsers } = await import("playwright-core");
    const args = [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ];
    const browser = await browsers.launch({ executablePath: chromium, args });
    t.after(() => browser.close());
    const page = await browser.newPage();
    await page.goto(String(json["url"]));
    await page.locator("textarea").fill("hello from the page");
    await page.locator("textarea").press("Enter");
    await page
      .getByText(/You said:/)
      .first()
      .waitFor({ timeout: PATIENCE });
    assert.deepEqual(await states(gateway), ["done"]);
    await gateway.stop();
  },
);

test("a permission that nobody can be asked for is denied, and the answer says so", async (t) => {
  const { api, telegram, start } = await stage(t);
  api.answer((request) => {
    const [result] = request.toolResults;
    if (result !== undefined)
      return { kind: "blocks", blocks: [{ type: "text", text: `the tool said: ${result.text}` }] };
    return {
      kind: "blocks",
      blocks: [{ type: "tool_use", name: "Bash", input: { command: "touch /tmp/never", description: "x" } }],
      stop: "tool_use",
    };
  });
  const gateway = await start();
  telegram.say("run it");
  assert.match(await reading(telegram, /the tool said: /), /nobody can be asked|denied|not allowed/i);
  await inState(gateway, "done");
  await gateway.stop();
});

test("a limit (429) holds the message and its sender is told; nothing is failed", async (t) => {
  const { telegram, start } = await stage(t);
  const gateway = await start();
  telegram.say("fail 429");
  assert.match(
    await reading(telegram, /Your message is saved.*limit is reached/),
    /Your message is saved\. The plan's limit is reached; it will be answered after/,
  );
  await inState(gateway, "held");
  const { json } = await gateway.api("/readyz");
  assert.equal((json["failing"] as { code: string }[])[0]?.code, "harness-limit");
  await gateway.stop();
});

test("a service that fails (500) is tried again, then the message is dead and its sender told", async (t) => {
  const { telegram, start } = await stage(t);
  const gateway = await start();
  telegram.say("fail 500");
  await reading(telegram, /failed on this message several times/);
  await inState(gateway, "dead");
  await gateway.stop();
});

test("a stream that is cut once is gone on with, and answered once", async (t) => {
  const { api, telegram, start } = await stage(t);
  let cuts = 0;
  api.answer((request) => {
    if (request.last.includes("long story") && cuts < 3) {
      cuts += 1;
      return { kind: "cut", text: "Once upon" };
    }
    return { kind: "blocks", blocks: [{ type: "text", text: "The whole story." }] };
  });
  const gateway = await start();
  telegram.say("tell the long story");
  await reading(telegram, /The whole story\./);
  await gateway.logged("message.done");
  assert.equal(readable(telegram).filter((text) => text.includes("The whole story.")).length, 1);
  await inState(gateway, "done");
  await gateway.stop();
});

test("a login that is missing: not ready, named, and the message is held", async (t) => {
  const { telegram, start } = await stage(t, { key: null });
  const gateway = await start({ ready: false });
  const { status, json } = await gateway.api("/readyz?agent=main");
  assert.equal(status, 503);
  assert.equal((json["failing"] as { code: string }[])[0]?.code, "harness-login");
  telegram.say("hello?");
  assert.match(
    await reading(telegram, /saved/),
    /Your message is saved and will be answered as soon as the agent is back/,
  );
  await inState(gateway, "held");
  const list = await gateway.api("/api/v1/messages");
  assert.equal(replyOf({ message: (list.json["messages"] as unknown[])[0] }), undefined);
  await gateway.stop();
});
