// Runs inside of a small file system of its own (see alerts-full-disk.test.ts): the real program, its disk full.
import assert from "node:assert/strict";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { createSpool } from "../../src/alerts/spool.ts";
import { silentLog } from "../fakes/silent-log.ts";
import { startWebhook } from "../fakes/webhook.ts";
import { makeHome, startGateway } from "../gateway/program.ts";

const [dir = ""] = process.argv.slice(2);
const ballast = join(dir, "ballast");

/** Writes until not one byte more fits. */
function fill(): void {
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(ballast, Buffer.alloc(size));
    } catch (error) {
      assert.match(String(error), /ENOSPC/);
    }
  }
}

test("a full disk", async (t) => {
  const hook = await startWebhook(t);
  hook.status = 503;
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    alerts: { routes: [{ kind: "webhook", url: hook.url }] },
  });
  const gateway = await startGateway(t, home);
  fill();
  const full = performance.now();
  const refused = await gateway.api("/api/v1/messages", { body: { text: "x".repeat(100_000) } });
  assert.equal(refused.status, 503);
  const first = await hook.next(({ json }) => json["code"] === "store-full");
  const seconds = (first.at - full) / 1000;
  assert.ok(seconds <= 5, `${seconds} s`);
  const kept = createSpool(home.state, silentLog).entries();
  assert.deepEqual(
    kept.map(({ alert }) => alert?.alert.id),
    [first.json["id"]],
  );
  // Nobody has taken it yet, and now nobody is there to try again.
  await gateway.kill();
  rmSync(ballast);
  hook.status = 204;
  const taken = hook.got.length;
  const next = await startGateway(t, home);
  await hook.next(({ json }) => json["severity"] === "resolved");
  const told = hook.got.slice(taken).map(({ json }) => [json["severity"], json["incident"]]);
  assert.deepEqual(told, [
    ["critical", first.json["incident"]],
    ["resolved", first.json["incident"]],
  ]);
  assert.deepEqual(createSpool(home.state, silentLog).entries(), []);
  t.diagnostic(
    `disk full: alert tried after ${seconds.toFixed(2)} s, kept in the spool over a kill, delivered by the next start`,
  );
  await next.stop();
});
