// What a reload does to channels, alert routes and plugins of the whole program.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startTelegram, type FakeTelegram } from "../fakes/telegram/server.ts";
import { makeHome, replyOf, startGateway, type Gateway } from "../gateway/program.ts";
import { pluginHome } from "../registry/plugin-home.ts";

const PERSON = 12345;
const LONG = 20_000;

async function eventually(look: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const until = Date.now() + LONG; !(await look()); await wait(10))
    assert.ok(Date.now() < until, `never came: ${what}`);
}

async function bot(t: TestContext, token: string): Promise<FakeTelegram> {
  const telegram = await startTelegram({ token, limits: "off", botId: 7000 + Number(token[0]) });
  t.after(() => telegram.close());
  return telegram;
}

const configOf = (telegram: FakeTelegram | null, account: object = {}, more: object = {}): object => ({
  owners: [`telegram/default/${PERSON}`],
  agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
  ...(telegram !== null && {
    channels: {
      telegram: { accounts: { default: { token: telegram.token, apiRoot: telegram.root, ...account } } },
    },
  }),
  ...more,
});

const readable = (telegram: FakeTelegram): readonly string[] =>
  telegram
    .chat(PERSON)
    .messages.filter(({ fromBot, deleted }) => fromBot && !deleted)
    .map(({ text }) => text);

const conflicts = (telegram: FakeTelegram): number =>
  telegram.calls.filter(({ method, outcome }) => method === "getUpdates" && outcome === 409).length;

const reload = async (gateway: Gateway): Promise<void> => {
  const { status, json } = await gateway.api("/api/v1/reload", { body: {} });
  assert.equal(status, 200, JSON.stringify(json));
};

test("a bot whose settings change is handed over: the old poller stops, then the new one starts, nothing is lost", async (t) => {
  const telegram = await bot(t, "1:secret-of-the-test");
  const home = makeHome(t);
  home.configure(configOf(telegram, { stream: "auto" }));
  const gateway = await startGateway(t, home);
  const rounds = 12;
  for (let round = 0; round < rounds; round++) {
    telegram.say(`before ${round}`);
    home.configure(configOf(telegram, { stream: round % 2 === 0 ? "off" : "auto" }));
    const reloaded = reload(gateway);
    telegram.say(`during ${round}`);
    await reloaded;
  }
  // What came together is answered together.
  const lines = (): readonly string[] => readable(telegram).flatMap((text) => text.split("\n"));
  const said = Array.from({ length: rounds }, (_, round) => [`before ${round}`, `during ${round}`]).flat();
  await eventually(() => said.every((text) => lines().includes(text)), "every answer");
  await eventually(async () => (await gateway.api("/readyz")).status === 200, "ready");
  for (const text of said) assert.equal(lines().filter((line) => line === text).length, 1, text);
  assert.equal(conflicts(telegram), 0);
  assert.ok(
    telegram.calls.filter(({ method }) => method === "getMe").length > rounds / 2,
    "pollers were handed over",
  );
  assert.ok(!gateway.lines.some(({ event }) => event === "channel.abandoned" || event === "channel.failed"));
  t.diagnostic(`${rounds} handovers: conflicts 0, lost 0, answered twice 0`);
  await gateway.stop();
});

test("who may write changes without touching the poller", async (t) => {
  const telegram = await bot(t, "1:secret-of-the-test");
  const home = makeHome(t);
  home.configure(configOf(telegram));
  const gateway = await startGateway(t, home);
  const asked = telegram.calls.filter(({ method }) => method === "getMe").length;
  home.configure(configOf(telegram, { direct: { policy: "allowlist", allow: ["777"] } }));
  await reload(gateway);
  telegram.say("let me in", { from: 777, name: "Eve" });
  await eventually(() => telegram.chat(777).messages.some(({ fromBot }) => fromBot), "an answer to Eve");
  assert.equal(telegram.calls.filter(({ method }) => method === "getMe").length, asked, "the poller ran on");
  await gateway.stop();
});

test("another bot takes the place of the first; an account that is taken out is polled no more", async (t) => {
  const first = await bot(t, "1:secret-of-the-test");
  const second = await bot(t, "2:another-of-the-test");
  const home = makeHome(t);
  home.configure(configOf(first));
  const gateway = await startGateway(t, home);
  first.say("to the first");
  await eventually(() => readable(first).length === 1, "the first bot's answer");
  home.configure(configOf(second));
  await reload(gateway);
  second.say("to the second");
  await eventually(() => readable(second).length === 1, "the second bot's answer");
  await eventually(() => !first.updates.polling, "the first bot's last poll to end");
  const polls = first.calls.length;
  home.configure(configOf(null));
  await reload(gateway);
  await eventually(() => !second.updates.polling, "the second bot's last poll to end");
  const channels = (await gateway.api("/api/v1/channels")).json["channels"] as readonly { channel: string }[];
  assert.deepEqual(
    channels.map(({ channel }) => channel),
    ["web"],
  );
  assert.equal((await gateway.api("/readyz")).status, 200);
  assert.equal(first.calls.length, polls);
  await gateway.stop();
});

test("a channel that can't receive after a reload is not called ready, and is said", async (t) => {
  const telegram = await bot(t, "1:secret-of-the-test");
  const home = makeHome(t);
  home.configure(configOf(telegram));
  const gateway = await startGateway(t, home);
  home.configure(configOf(telegram, { token: "3:nobody-knows-this" }));
  await reload(gateway);
  assert.equal((await gateway.api("/readyz")).status, 503, "not for a moment");
  await gateway.logged("channel.failed");
  const { json } = await gateway.api("/readyz");
  const failing = json["failing"] as readonly { kind: string; id: string; code: string }[];
  assert.deepEqual(
    failing.map(({ kind, id, code }) => [kind, id, code]),
    [["channel", "telegram/default", "token-refused"]],
  );
  home.configure(configOf(telegram));
  await reload(gateway);
  await eventually(async () => (await gateway.api("/readyz")).status === 200, "ready");
  await gateway.stop();
});

test("alert routes belong to the generation: after a reload the new one is told, the old one isn't", async (t) => {
  const got: string[] = [];
  const server = createServer((request, response) => {
    got.push(request.url ?? "");
    request.resume();
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const routed = (path: string): object =>
    configOf(
      null,
      {},
      { alerts: { routes: [{ kind: "webhook", url: `http://127.0.0.1:${port}/${path}` }] } },
    );
  const home = makeHome(t);
  home.configure(routed("old"));
  const gateway = await startGateway(t, home);
  await gateway.api("/api/v1/alerts/test", { body: {} });
  for (let round = 0; round < 3; round++) {
    home.configure(routed(`new-${round}`));
    await reload(gateway);
    await gateway.api("/api/v1/alerts/test", { body: {} });
  }
  assert.deepEqual(got, ["/old", "/new-0", "/new-1", "/new-2"]);
  t.diagnostic(`routes lost by ${got.length - 1} reloads 0`);
  await gateway.stop();
});

test("a plugin that agents need can't be taken off the list, nor a new one be loaded, while the gateway serves", async (t) => {
  const parrot = fileURLToPath(new URL("../fixtures/plugins/parrot.ts", import.meta.url));
  const home = pluginHome(t, { "parrot.ts": readFileSync(parrot, "utf8") }, { primary: "parrot/default" });
  const before = readFileSync(home.config, "utf8");
  const gateway = await startGateway(t, home);
  const say = async (): Promise<string | undefined> =>
    replyOf((await gateway.api("/api/v1/messages?wait=20", { body: { text: "hello" } })).json);
  const answer = await say();
  assert.ok(answer !== undefined);

  const config = JSON.parse(before) as { plugins: string[] };
  writeFileSync(home.config, JSON.stringify({ ...config, plugins: [] }));
  const emptied = await gateway.api("/api/v1/reload", { body: {} });
  assert.equal(emptied.status, 409);
  const reasons = emptied.json["reasons"] as readonly { code: string; detail: string }[];
  assert.deepEqual(
    reasons.map(({ code }) => code),
    ["harness-unregistered"],
  );
  assert.match(reasons[0]?.detail ?? "", /declared harness "parrot" is not registered \(agent main\)/);
  const next = (await gateway.api("/api/v1/status")).json["nextStart"] as { ok: boolean; code: string };
  assert.deepEqual([next.ok, next.code], [false, "harness-unregistered"]);
  assert.equal((await gateway.api("/readyz")).status, 200);
  assert.equal(await say(), answer);

  writeFileSync(
    home.config,
    JSON.stringify({ ...config, plugins: [...config.plugins, "./plugins/blocks.ts"] }),
  );
  writeFileSync(`${home.dir}/plugins/blocks.ts`, "for (;;);");
  const added = await gateway.api("/api/v1/reload", { body: {} });
  assert.equal(added.status, 409);
  assert.match(JSON.stringify(added.json), /plugins \(\.\/plugins\/blocks\.ts\): a change needs a restart/);
  assert.equal(await say(), answer);

  writeFileSync(home.config, before);
  await reload(gateway);
  assert.equal(await say(), answer);
  t.diagnostic("agents without their harness after the plugin list was emptied: 0");
  await gateway.stop();
});
