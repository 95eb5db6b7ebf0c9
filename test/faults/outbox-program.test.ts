// The way out of the real program, between a strict fake of Telegram, a network that fails and a webhook for alerts.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "../failpoints/stage.ts";
import { startTelegram, type FakeTelegram } from "../fakes/telegram/server.ts";
import { startWebhook, type FakeWebhook } from "../fakes/webhook.ts";
import { makeHome, startGateway, type Gateway, type Home } from "../gateway/program.ts";
import { startTcpGate, type TcpGate } from "./tcp-gate.ts";

const PERSON = 12345;
const TO = `telegram/default/${PERSON}`;
const MARK = "↻ sent again:";

interface Stage {
  readonly telegram: FakeTelegram;
  readonly hook: FakeWebhook;
  readonly home: Home;
  readonly gate: TcpGate;
  readonly shown: () => readonly string[];
}

async function stage(t: TestContext, host = "127.0.0.1"): Promise<Stage> {
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off" });
  t.after(() => telegram.close());
  const gate = await startTcpGate(t, Number(new URL(telegram.root).port));
  const hook = await startWebhook(t);
  const home = makeHome(t);
  home.configure({
    owners: [TO],
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    channels: {
      telegram: { accounts: { default: { token: telegram.token, apiRoot: `http://${host}:${gate.port}` } } },
    },
    alerts: { routes: [{ kind: "webhook", url: hook.url }] },
  });
  telegram.chat(PERSON);
  const shown = (): readonly string[] =>
    telegram.chat(PERSON).messages.flatMap((one) => (one.fromBot && !one.deleted ? [one.text] : []));
  return { telegram, hook, home, gate, shown };
}

async function notify(gateway: Gateway, text: string): Promise<void> {
  const { status } = await gateway.api("/api/v1/notify", { body: { to: TO, text } });
  assert.ok(status < 300, `${status}`);
}

test("connections are refused for a while: it is sent when they aren't, once and without a mark", async (t) => {
  const { home, gate, shown } = await stage(t);
  const gateway = await startGateway(t, home);
  await gate.shut();
  await notify(gateway, "hello");
  await eventually(
    () => gateway.lines.some(({ event }) => event === "telegram.poll_failed"),
    "a failed poll",
  );
  await gate.open();
  await eventually(() => shown().length > 0, "the message");
  t.diagnostic(`connection refused: copies ${shown().length}, marked 0`);
  assert.deepEqual(shown(), ["hello"]);
  await gateway.stop();
});

test("connections are reset after their first bytes: it is sent again with the mark, and is there once", async (t) => {
  const { home, gate, shown, telegram } = await stage(t);
  const gateway = await startGateway(t, home);
  telegram.script({ method: "sendMessage", trouble: { kind: "drop" } });
  await notify(gateway, "hello");
  await eventually(() => shown().length > 0, "the message");
  t.diagnostic(
    `connection reset: copies ${shown().length}, of which marked ${shown().filter((text) => text.startsWith(MARK)).length}`,
  );
  assert.deepEqual(shown(), [`${MARK}\nhello`]);
  assert.equal(gate.reset, 0);
  await gateway.stop();
});

test("names can't be resolved: told by another way, kept, and sent once when they can", async (t) => {
  const { home, gate, shown, hook } = await stage(t, "platform.test");
  const flag = join(home.dir, "no-names");
  const preload = fileURLToPath(new URL("no-names.ts", import.meta.url));
  const gateway = await startGateway(t, home, { node: ["--import", preload], env: { TEST_NO_NAMES: flag } });
  writeFileSync(flag, "");
  const begun = performance.now();
  gate.cut();
  await notify(gateway, "hello");
  const alert = await hook.next(({ json }) => json["severity"] === "critical");
  const seconds = (alert.at - begun) / 1000;
  assert.ok(["channel-unreachable", "sends-failing"].includes(String(alert.json["code"])));
  assert.equal(alert.json["channel"], "telegram/default");
  const tries = gateway.lines.filter(({ event }) => event === "telegram.poll_failed").length;
  rmSync(flag);
  await eventually(() => shown().length > 0, "the message");
  t.diagnostic(
    `names can't be resolved: alert after ${seconds.toFixed(2)} s, ${tries} failed polls until then, copies ${shown().length}`,
  );
  assert.deepEqual(shown(), ["hello"]);
  assert.ok(seconds <= 10, `${seconds} s`);
  await gateway.stop();
});

test("a token that is revoked is noticed by a send, while the poll hears nothing: told by another way, and nothing is lost", async (t) => {
  const { telegram, home, hook, shown } = await stage(t);
  const gateway = await startGateway(t, home);
  await eventually(() => telegram.updates.polling, "a long poll");
  telegram.revoke();
  const begun = performance.now();
  await notify(gateway, "hello");
  const alert = await hook.next(({ json }) => json["severity"] === "critical");
  const seconds = (alert.at - begun) / 1000;
  assert.equal(alert.json["code"], "token-refused");
  telegram.revoke(false);
  const mended = performance.now();
  await eventually(() => shown().length > 0, "the message");
  const back = (performance.now() - mended) / 1000;
  t.diagnostic(
    `token revoked, found by a send: alert after ${seconds.toFixed(2)} s, copies ${shown().length}`,
  );
  assert.ok(seconds <= 5, `${seconds} s`);
  assert.ok(back <= 15, `sent ${back} s after the token was taken again`);
  assert.deepEqual(shown(), ["hello"]);
  await gateway.stop();
});

test("a gateway that was killed between two parts goes on with the next one: none is sent twice, none is missing", async (t) => {
  const { telegram, home, shown } = await stage(t);
  const gateway = await startGateway(t, home);
  const words = (n: number): string => `part-${n} `.repeat(500);
  telegram.say([1, 2, 3].map(words).join("\n\n"));
  await eventually(() => shown().some((text) => text.includes("part-1")), "the first part");
  await gateway.kill();
  const next = await startGateway(t, home);
  await eventually(() => shown().some((text) => text.includes("part-3")), "the last part");
  await next.logged("message.done");
  const copies = [1, 2, 3].map((n) => shown().filter((text) => text.includes(`part-${n}`)).length);
  const unmarked = shown().filter((text) => !text.startsWith(MARK));
  t.diagnostic(`killed between parts: copies ${copies.join(", ")}, unmarked ${unmarked.length}`);
  assert.ok(copies.every((count) => count >= 1));
  assert.equal(new Set(unmarked).size, unmarked.length, "a copy without a mark");
  await next.stop();
});
