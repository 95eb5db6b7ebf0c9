// A start that fails is told: by its own routes, else by those that served last; a crash loop is one incident.
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startTelegram } from "../fakes/telegram/server.ts";
import { startWebhook, type FakeWebhook } from "../fakes/webhook.ts";
import { makeHome, runProgram, startGateway, type Home } from "../gateway/program.ts";

const good = (hook: FakeWebhook): Record<string, unknown> => ({
  agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
  alerts: { routes: [{ kind: "webhook", url: hook.url }] },
});

/** A state directory whose gateway ran and was stopped in order. */
async function ranOnce(t: TestContext): Promise<{ readonly hook: FakeWebhook; readonly home: Home }> {
  const hook = await startWebhook(t);
  const home = makeHome(t);
  home.configure(good(hook));
  assert.equal(await (await startGateway(t, home)).stop(), 0);
  return { hook, home };
}

/** One start that fails. Returns its exit code, and how long it took in ms. */
async function fail(
  t: TestContext,
  home: Home,
): Promise<{ readonly code: number | null; readonly ms: number }> {
  const begun = performance.now();
  const program = runProgram(t, home, "start", { args: ["--port", "0"] });
  const { code } = await program.exited;
  return { code, ms: performance.now() - begun };
}

const FAULTS: Readonly<
  Record<
    string,
    { readonly exit: number; readonly code: string; readonly spoil: (home: Home, hook: FakeWebhook) => void }
  >
> = {
  "a configuration that can't be read": {
    exit: 78,
    code: "config-syntax",
    spoil: (home) => home.configure("{ agents: "),
  },
  "a harness that nobody registered": {
    exit: 69,
    code: "harness-unregistered",
    spoil: (home, hook) =>
      home.configure({ ...good(hook), agents: { list: [{ id: "main", model: { primary: "nobody/x" } }] } }),
  },
  "a store that can't be opened": {
    exit: 73,
    code: "store-unreadable",
    spoil: (home) => writeFileSync(join(home.state, "store.db"), "this is no database".repeat(500)),
  },
};

for (const [what, { exit, code, spoil }] of Object.entries(FAULTS)) {
  test(`a crash loop over ${what} is one alert`, async (t) => {
    const { hook, home } = await ranOnce(t);
    spoil(home, hook);
    const starts = [];
    for (let i = 0; i < 5; i++) starts.push(await fail(t, home));
    assert.deepEqual(
      starts.map((start) => start.code),
      [exit, exit, exit, exit, exit],
    );
    const alerts = hook.got.map(({ json }) => json);
    t.diagnostic(
      `${what}: exit ${exit}, alerts ${alerts.length} of 5 starts, slowest start ${Math.round(Math.max(...starts.map(({ ms }) => ms)))} ms`,
    );
    assert.equal(alerts.length, 1);
    assert.equal(alerts[0]?.["code"], code);
    assert.equal(alerts[0]?.["severity"], "critical");
    assert.match(String(alerts[0]?.["summary"]), /^The gateway can't start\./);
    assert.ok(!String(alerts[0]?.["summary"]).includes(home.dir), "no folder of the machine");
  });
}

test("the next good start tells the end of it, under the same incident", async (t) => {
  const { hook, home } = await ranOnce(t);
  home.configure("{ agents: ");
  await fail(t, home);
  home.configure(good(hook));
  const gateway = await startGateway(t, home);
  const over = await hook.next(({ json }) => json["severity"] === "resolved");
  assert.equal(over.json["incident"], hook.of("critical")[0]?.json["incident"]);
  assert.equal(hook.got.length, 2);
  await gateway.stop();
  // What comes later is another incident.
  home.configure("{ agents: ");
  await fail(t, home);
  assert.equal(hook.of("critical").length, 2);
});

test("an alert that found no way out is sent by the next failing start", async (t) => {
  const { hook, home } = await ranOnce(t);
  hook.status = 500;
  home.configure("{ agents: ");
  await fail(t, home);
  const [first] = hook.got;
  hook.status = 204;
  await fail(t, home);
  await fail(t, home);
  assert.deepEqual(
    hook.got.map(({ json }) => json["id"]),
    [first?.json["id"], first?.json["id"]],
  );
});

test("routes that hang hold the exit back for at most five seconds, and don't change its code", async (t) => {
  const { hook, home } = await ranOnce(t);
  hook.status = 0;
  home.configure("{ agents: ");
  const { code, ms } = await fail(t, home);
  t.diagnostic(`a hanging route: exit ${code} after ${Math.round(ms)} ms`);
  assert.equal(code, 78);
  assert.ok(ms < 6500, `${ms} ms`);
});

test("the owners are told in their chat, without a running gateway", async (t) => {
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off" });
  t.after(() => telegram.close());
  const home = makeHome(t);
  const { token, root: apiRoot } = telegram;
  home.configure({
    owners: ["telegram/default/12345"],
    agents: { list: [{ id: "main", model: { primary: "nobody/x" } }] },
    channels: { telegram: { accounts: { default: { token, apiRoot } } } },
  });
  // A bot can write only to people who wrote to it before.
  telegram.say("hello");
  const first = await fail(t, home);
  const second = await fail(t, home);
  assert.deepEqual([first.code, second.code], [69, 69]);
  const said = telegram
    .chat(12345)
    .messages.filter(({ fromBot }) => fromBot)
    .map(({ text }) => text);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /CRITICAL · The gateway can't start/);
  assert.deepEqual(
    telegram.calls.filter(({ method }) => method === "getUpdates"),
    [],
  );
});

test("a taken port or store is another gateway, and no alert", async (t) => {
  const { hook, home } = await ranOnce(t);
  const gateway = await startGateway(t, home);
  const { code } = await fail(t, home);
  assert.equal(code, 75);
  assert.equal(hook.got.length, 0);
  await gateway.stop();
});

test("what is kept for a failing start is for its owner alone, and a wrong command leaves nothing", async (t) => {
  const { home } = await ranOnce(t);
  const kept = join(home.state, "alerts.json");
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  assert.match(readFileSync(kept, "utf8"), /webhook/);
  const bare = makeHome(t);
  const program = runProgram(t, bare, "start");
  assert.equal((await program.exited).code, 78);
  assert.equal(existsSync(bare.state) && existsSync(join(bare.state, "alerts.spool")), false);
});
