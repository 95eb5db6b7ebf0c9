// A machine that runs out of something: the intake shuts before it does, the platform keeps what is said, and
// everything is answered once there is room again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { runInSmallDisk } from "../fakes/small-disk.ts";
import { startWebhook } from "../fakes/webhook.ts";
import { makeHome, startGateway } from "../gateway/program.ts";
import { answeredOn, eventually, telegramHome } from "./telegram-stage.ts";

const program = join(import.meta.dirname, "pressure-disk-process.ts");

test("a disk that fills up shuts the intake before it is full, and opens it again", (t) =>
  runInSmallDisk(t, { program, size: "24m", says: "disk low" }));

test("hardly any file descriptors left: told within 10 s, nothing is dropped", async (t) => {
  if (spawnSync("prlimit", ["--version"]).status !== 0) return t.skip("there is no prlimit here");
  const hook = await startWebhook(t);
  const home = makeHome(t);
  const telegram = await telegramHome(t, home, { alerts: { routes: [{ kind: "webhook", url: hook.url }] } });
  const few = pathToFileURL(join(import.meta.dirname, "../fixtures/few-descriptors.mjs")).href;
  const gateway = await startGateway(t, home, { env: { NODE_OPTIONS: `--import=${few}` } });
  const { hostname, port } = new URL(gateway.url);
  // As many connections as leave less than an eighth, and some for what follows.
  const open = readdirSync(`/proc/${gateway.pid}/fd`).length;
  const sockets = Array.from({ length: 87 - open }, () => net.connect(Number(port), hostname));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  for (const socket of sockets) socket.on("error", () => {});
  const begun = performance.now();
  const told = await hook.next(({ json }) => json["code"] === "descriptors-low");
  const seconds = (told.at - begun) / 1000;
  assert.ok(seconds <= 10, `${seconds} s`);
  assert.equal((await fetch(`${gateway.url}/intakez`)).status, 503);
  const refused = await fetch(`${gateway.url}/api/v1/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.token}`, "content-type": "application/json" },
    body: JSON.stringify({ text: "not now" }),
  });
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  telegram.say("said meanwhile");
  // What the open poll brings isn't taken; after it nothing is asked for any more.
  await eventually(async () => {
    const { json } = await gateway.api("/api/v1/status");
    const channels = json["channels"] as readonly { channel: string; paused?: { code: string } }[];
    const paused = channels.find(({ channel }) => channel === "telegram")?.paused;
    return paused?.code === "descriptors-low" ? true : undefined;
  }, "the account's pause");
  assert.equal(answeredOn(telegram).length, 0);
  for (const socket of sockets) socket.destroy();
  await eventually(() => (answeredOn(telegram).includes("said meanwhile") ? true : undefined), "the answer");
  await hook.next(({ json }) => json["severity"] === "resolved");
  const { json } = await gateway.api("/api/v1/messages");
  t.diagnostic(
    `descriptors: told after ${seconds.toFixed(1)} s, messages kept of refused calls ${(json["messages"] as unknown[]).length - 1}, lost 0`,
  );
  assert.equal((json["messages"] as unknown[]).length, 1);
  await gateway.stop();
});
