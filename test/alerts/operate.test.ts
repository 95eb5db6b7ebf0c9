// What an operator does with alerts: by command and API on the real program, by chat on the real desk.
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HOUR, MINUTE } from "../../src/core/time.ts";
import { runAlerts } from "../../src/inbox/alert-commands.ts";
import { fakeClaude } from "../fakes/harness/fake-claude.ts";
import { startWebhook } from "../fakes/webhook.ts";
import { call, type Called } from "../cli/call.ts";
import { makeHome, startGateway, type Home } from "../gateway/program.ts";
import { createAlertRig } from "./rig.ts";

test("commands and API list, test, take over and mute, and the metrics count", async (t) => {
  const hook = await startWebhook(t);
  const dead = await startWebhook(t);
  await dead.close();
  const home = makeHome(t);
  const { command } = fakeClaude({ dir: join(home.dir, "claude") });
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "claude-cli/default" } }] },
    harnesses: { "claude-cli": { command } },
    alerts: { routes: [hook, dead].map(({ url }) => ({ kind: "webhook", url })) },
  });
  const gateway = await startGateway(t, home);
  const tested = await run(home, "alerts", "test");
  assert.equal(tested.exit, 65);
  assert.match(tested.out, /^webhook +delivered +\d+ +it answered 204$/m);
  assert.match(tested.out, /^webhook#2 +failed +\d+ +.*ECONNREFUSED/m);
  assert.match(tested.err, /alert-undelivered|webhook#2 failed/);
  assert.equal(hook.got[0]?.json["kind"], "test");

  renameSync(command, `${command}.gone`);
  const { json } = await hook.next((posted) => posted.json["kind"] === "raised");
  const id = String(json["incident"]);
  const listed = await run(home, "alerts", "list");
  assert.match(listed.out, new RegExp(`^${id} +critical +.* agent/main +harness-missing`, "m"));
  assert.match((await run(home, "status")).out, /^alerts: 1 open; see rollcall alerts list$/m);
  assert.equal((await run(home, "alerts", "ack", "i_none")).exit, 66);
  assert.match((await run(home, "alerts", "ack", id)).out, /taken over/);
  const muted = await run(home, "alerts", "mute", "2h");
  assert.match(muted.out, /^no alerts until /);
  assert.equal((await run(home, "alerts", "mute", "soon")).exit, 65);

  const shown = (await gateway.api("/api/v1/alerts")).json;
  const [first] = shown["alerts"] as Record<string, unknown>[];
  assert.notEqual(first?.["acknowledgedAt"], null);
  assert.notEqual(first?.["deliveredAt"], null);
  assert.ok(Date.parse(String(shown["mutedUntil"])) > Date.now() + HOUR);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert.match(
    metrics,
    /^rollcall_alerts_total\{code="harness-missing",route="webhook",outcome="delivered"\} 1$/m,
  );
  assert.match(metrics, /^rollcall_alert_delivery_seconds_count 1$/m);
  await gateway.stop();
});

/** One command against the running gateway. */
function run(home: Home, ...words: readonly string[]): Promise<Called> {
  return call([...words, "--state", home.state]);
}

test("an owner does the same in a chat", async (t) => {
  const rig = await createAlertRig(t);
  const say = (args: string): Promise<string> => runAlerts(rig.center, args, rig.clock.now());
  assert.equal(await say(""), "Nothing is wrong that is known.");
  const id = rig.center.raise({ code: "harness-missing", subject: "agent/main" });
  await rig.pass(3 * MINUTE);
  assert.match(
    await say(""),
    new RegExp(`^\`${id}\` critical, for 3m: The harness's program is not there\\.$`),
  );
  assert.match(await say(`ack ${id}`), /^Taken over/);
  assert.match(await say(""), /critical, taken over, for 3m/);
  assert.equal(await say("ack"), `Taken over: \`${id}\`. There are no more reminders.`);
  await assert.rejects(say("ack i_none"), { code: "no-such-id" });
  assert.match(await say("mute"), /For how long\?/);
  assert.match(await say("mute 99d"), /For how long\?/);
  assert.equal(await say("mute 8h"), "No alerts for 8h.");
  assert.match(await say(""), /Alerts are muted for 8h\./);
  assert.equal(await say("mute off"), "Alerts are told again.");
  assert.match(await say("test"), /one: delivered in 0 ms\ntwo: delivered in 0 ms/);
  assert.match(await say("what"), /\/alerts mute DURATION/);
});
