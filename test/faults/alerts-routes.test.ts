// Alerts while their own ways are down: the next route, and what happens when there is none, over a kill too.
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { fakeClaude } from "../fakes/harness/fake-claude.ts";
import { startWebhook } from "../fakes/webhook.ts";
import { makeHome, startGateway, type Gateway, type Home } from "../gateway/program.ts";

interface Stage {
  readonly home: Home;
  /** The harness's program: taken away and put back. */
  readonly breakAgent: () => void;
  readonly mendAgent: () => void;
}

/** An agent whose program can be taken away, as an update or an uninstall does. */
function stage(t: TestContext, alerts: object): Stage {
  const home = makeHome(t);
  const { command } = fakeClaude({ dir: join(home.dir, "claude") });
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "claude-cli/default" }, hold: { noticeAfter: "1s" } }] },
    harnesses: { "claude-cli": { command } },
    alerts,
  });
  return {
    home,
    breakAgent: () => renameSync(command, `${command}.gone`),
    mendAgent: () => renameSync(`${command}.gone`, command),
  };
}

/** Waits for the notice to a held message's sender. */
async function noticeOf(gateway: Gateway, id: string): Promise<string> {
  for (;;) {
    const { json } = await gateway.api(`/api/v1/messages/${id}`);
    const { deliveries } = json["message"] as { deliveries: { kind: string; text?: string }[] };
    const notice = deliveries.find(({ kind }) => kind === "notice");
    if (notice?.text !== undefined) return notice.text;
    await wait(50);
  }
}

test("the first route is gone: the next one tells within five seconds of the evidence", async (t) => {
  const dead = await startWebhook(t);
  await dead.close();
  const hanging = await startWebhook(t);
  hanging.status = 0;
  const hook = await startWebhook(t);
  const { home, breakAgent } = stage(t, {
    routes: [dead, hanging, hook].map(({ url }) => ({ kind: "webhook", url })),
  });
  const gateway = await startGateway(t, home);
  breakAgent();
  const alert = await hook.next(({ json }) => json["agent"] === "main");
  const evidence = Date.parse(String((await gateway.logged("harness.unavailable"))["time"]));
  const raised = Date.parse(String((await gateway.logged("alert.raised"))["time"]));
  const seconds = (Date.parse(String((await gateway.logged("alert.delivered"))["time"])) - evidence) / 1000;
  t.diagnostic(
    `first route refused, second hung: incident ${raised - evidence} ms after the evidence, alert by the third after ${seconds.toFixed(2)} s`,
  );
  assert.ok(raised - evidence <= 1000);
  assert.ok(seconds <= 5);
  assert.equal(alert.json["harness"], "claude-cli");
  await gateway.stop();
});

test("every route is gone: the alert is kept over a kill and delivered later; the ping stops meanwhile", async (t) => {
  const hook = await startWebhook(t);
  const port = Number(new URL(hook.url).port);
  const outside = await startWebhook(t);
  const { home, breakAgent, mendAgent } = stage(t, {
    routes: [{ kind: "webhook", url: hook.url }],
    deadman: { url: outside.url, every: "1s" },
  });
  const gateway = await startGateway(t, home);
  await outside.next(({ method }) => method === "GET");
  await hook.close();
  breakAgent();
  const raised = await gateway.logged("alert.raised");
  await gateway.logged("alert.failed");
  mendAgent();
  await gateway.logged("gateway.ready");
  await gateway.kill();
  const pings = outside.got.length;

  const back = await startWebhook(t, port);
  back.status = 503;
  const next = await startGateway(t, home);
  await back.next(({ json }) => json["incident"] === raised["incident"]);
  await wait(2500);
  // Ready, and nobody could be told: the silence says it.
  assert.equal((await next.api("/readyz")).status, 200);
  const silent = outside.got.length - pings;
  back.status = 204;
  const delivered = await next.logged("alert.delivered");
  await outside.next(({ at }) => at > performance.now() - 1);
  const window = (Date.parse(String(delivered["time"])) - Date.parse(String(raised["time"]))) / 1000;
  t.diagnostic(
    `every route down, killed in between: delivered ${window.toFixed(1)} s after it was raised, once; ${silent} pings meanwhile`,
  );
  assert.ok(silent <= 1, `${silent} pings while an alert was stuck`);
  const taken = back.got.filter(({ json }) => json["severity"] === "critical");
  assert.equal(new Set(taken.map(({ json }) => json["id"])).size, 1);
  assert.equal(delivered["incident"], raised["incident"]);
  await next.stop();
});

test("a held sender is told that the operator knows only when that is so", async (t) => {
  const hook = await startWebhook(t);
  hook.status = 500;
  const { home, breakAgent } = stage(t, { routes: [{ kind: "webhook", url: hook.url }] });
  const gateway = await startGateway(t, home);
  breakAgent();
  const raised = await gateway.logged("alert.raised");
  const notices: string[] = [];
  for (const [conversation, status] of [
    ["before", 500],
    ["after", 204],
  ] as const) {
    hook.status = status;
    if (status === 204) await gateway.logged("alert.delivered");
    const sent = await gateway.api("/api/v1/messages", { body: { text: "hello", conversation } });
    const { id } = sent.json["message"] as { id: string };
    notices.push(await noticeOf(gateway, id));
  }
  const [before = "", after = ""] = notices;
  const incident = String(raised["incident"]);
  assert.ok(before.includes(incident) && after.includes(incident), notices.join());
  assert.doesNotMatch(before, /operator/);
  assert.match(after, /The operator was alerted\./);
  await gateway.stop();
});
