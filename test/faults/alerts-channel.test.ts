// A channel that fails is told by another way, and what it says is true: on the real program, between a strict fake of
// Telegram and a real webhook.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startTelegram, type FakeTelegram } from "../fakes/telegram/server.ts";
import { startWebhook, type FakeWebhook } from "../fakes/webhook.ts";
import { makeHome, startGateway, type Gateway, type Home } from "../gateway/program.ts";

const OWNER = 12345;

interface Stage {
  readonly telegram: FakeTelegram;
  readonly hook: FakeWebhook;
  readonly home: Home;
}

/** The first route is the very channel that fails. */
async function stage(t: TestContext): Promise<Stage> {
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off" });
  t.after(() => telegram.close());
  const hook = await startWebhook(t);
  const home = makeHome(t);
  const { token, root: apiRoot } = telegram;
  home.configure({
    owners: [`telegram/default/${OWNER}`],
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    channels: { telegram: { accounts: { default: { token, apiRoot } } } },
    alerts: {
      routes: [
        { kind: "channel", to: `telegram/default/${OWNER}` },
        { kind: "webhook", url: hook.url },
      ],
    },
  });
  return { telegram, hook, home };
}

const alertsOf = async (gateway: Gateway): Promise<readonly Record<string, unknown>[]> =>
  (await gateway.api("/api/v1/alerts")).json["alerts"] as Record<string, unknown>[];

test("a token that is revoked is told by the next route, and its end when it is back", async (t) => {
  const { telegram, hook, home } = await stage(t);
  const gateway = await startGateway(t, home);
  const begun = performance.now();
  telegram.revoke();
  // Ends the poll that is open: the next one is refused.
  telegram.say("are you there?");
  const alert = await hook.next(({ json }) => json["severity"] === "critical");
  const failed = await gateway.logged("channel.failed");
  const seconds = (alert.at - begun) / 1000;
  const since = (Date.now() - Date.parse(String(failed["time"]))) / 1000;
  t.diagnostic(
    `token revoked: alert ${seconds.toFixed(2)} s after, by the webhook; ${since.toFixed(2)} s after the log's line`,
  );
  assert.ok(seconds <= 5, `${seconds} s`);
  assert.equal(alert.json["code"], "token-refused");
  assert.equal(alert.json["channel"], "telegram/default");
  assert.match(String(alert.json["summary"]), /telegram\/default/);
  assert.ok(!JSON.stringify(alert.json).includes("secret-of-the-test"));

  telegram.revoke(false);
  const over = await hook.next(({ json }) => json["severity"] === "resolved");
  assert.equal(over.json["incident"], alert.json["incident"]);
  assert.match(String(over.json["summary"]), /^Over after \d+s/);
  assert.equal(hook.got.length, 2);
  await gateway.stop();
});

test("a second program on the same token is told as what it is, and not fought", async (t) => {
  const { telegram, hook, home } = await stage(t);
  const gateway = await startGateway(t, home);
  const begun = performance.now();
  const conflict = {
    kind: "error",
    code: 409,
    description: "Conflict: terminated by other getUpdates request",
  } as const;
  telegram.script({ method: "getUpdates", trouble: conflict, times: 1000 });
  telegram.say("are you there?");
  const alert = await hook.next(({ json }) => json["code"] === "channel-conflict");
  const seconds = (alert.at - begun) / 1000;
  const polls = telegram.calls.filter(({ outcome }) => outcome === 409).length;
  t.diagnostic(`two pollers: alert after ${seconds.toFixed(2)} s, ${polls} refused polls until then`);
  assert.ok(seconds <= 5, `${seconds} s`);
  assert.match(String(alert.json["fix"]), /other program/);
  assert.ok(polls <= 10, `${polls} polls`);
  assert.deepEqual(
    (await alertsOf(gateway)).map(({ code, status }) => [code, status]),
    [["channel-conflict", "open"]],
  );
  await gateway.stop();
});
