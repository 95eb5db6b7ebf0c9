// Runs inside of a small file system of its own (see disk-full.test.ts).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { startWebhook, type FakeWebhook } from "../fakes/webhook.ts";
import { makeHome, runProgram, startGateway, type Gateway, type Home } from "../gateway/program.ts";

const [dir = ""] = process.argv.slice(2);
const ballast = join(dir, "ballast");
/** The store says the one, a look at the disk the other; whoever is first. */
const FULL = ["store-full", "disk-low"];

async function started(t: TestContext): Promise<{ hook: FakeWebhook; home: Home; gateway: Gateway }> {
  const hook = await startWebhook(t);
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    alerts: { routes: [{ kind: "webhook", url: hook.url }] },
  });
  return { hook, home, gateway: await startGateway(t, home) };
}

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

interface Sent {
  readonly confirmed: Map<string, string>;
  readonly refused: Set<string>;
}

/** Sends one after another while `more` says so. */
async function send(gateway: Gateway, round: string, more: (sent: Sent) => boolean): Promise<Sent> {
  const sent: Sent = { confirmed: new Map(), refused: new Set() };
  for (let n = 0; more(sent); n++) {
    const id = `${round}-${n}`;
    const body = { text: `${id} ${"x".repeat(3000)}`, id };
    const { status, json } = await gateway.api("/api/v1/messages", { body });
    if (status === 202) sent.confirmed.set(id, (json["message"] as { id: string }).id);
    else {
      assert.equal(status, 503, JSON.stringify(json));
      sent.refused.add(id);
    }
  }
  return sent;
}

const missing = async (gateway: Gateway, { confirmed }: Sent): Promise<number> => {
  let lost = 0;
  for (const id of confirmed.values())
    if ((await gateway.api(`/api/v1/messages/${id}`)).status !== 200) lost += 1;
  return lost;
};

async function intake(gateway: Gateway): Promise<number> {
  return (await fetch(`${gateway.url}/intakez`)).status;
}

test("a disk that gets full", async (t) => {
  const { hook, home, gateway } = await started(t);
  const before = await send(gateway, "before", ({ confirmed }) => confirmed.size < 5);
  fill();
  const full = performance.now();
  // The log has some space of its own: what fits into it is stored, and may be confirmed.
  const first = await send(gateway, "full", ({ refused }) => refused.size < 3);
  const alert = await hook.next(({ json }) => FULL.includes(String(json["code"])));
  const told = (alert.at - full) / 1000;
  assert.ok(told <= 5, `${told} s`);
  assert.equal(await intake(gateway), 503);
  assert.equal(await missing(gateway, first), 0, "what was confirmed is there while the disk is full");
  rmSync(ballast);
  const freed = performance.now();
  while ((await intake(gateway)) !== 200) await wait(20);
  const healed = (performance.now() - freed) / 1000;
  const second = await send(gateway, "healed", ({ confirmed }) => confirmed.size < 5);
  assert.equal(second.refused.size, 0);
  await gateway.kill();
  const next = await startGateway(t, home);
  const lost = (await missing(next, before)) + (await missing(next, first)) + (await missing(next, second));
  assert.equal(lost, 0);
  // A client that sends again what was refused has it accepted once.
  for (const id of first.refused) {
    const { status } = await next.api("/api/v1/messages", {
      body: { text: `${id} ${"x".repeat(3000)}`, id },
    });
    assert.equal(status, 202);
  }
  t.diagnostic(
    `disk: full: confirmed ${first.confirmed.size} that still fitted, refused ${first.refused.size}, ` +
      `${String(alert.json["code"])} told after ${told.toFixed(2)} s; open again ${healed.toFixed(2)} s after there was ` +
      `space; killed and started: false confirms ${lost}`,
  );
  await next.stop();
});

test("a disk that can't be written any more", async (t) => {
  const { hook, home, gateway } = await started(t);
  const before = await send(gateway, "before", ({ confirmed }) => confirmed.size < 3);
  await gateway.kill();
  const remount = (how: string): void => {
    const run = spawnSync("mount", ["-o", `remount,${how}`, dir], { encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
  };
  remount("ro");
  const begun = performance.now();
  const refused = runProgram(t, home, "start", { args: ["--port", "0"] });
  const alert = await hook.next(({ json }) => json["code"] === "state-unwritable");
  const told = (alert.at - begun) / 1000;
  assert.equal((await refused.exited).code, 73);
  remount("rw");
  const next = await startGateway(t, home);
  assert.equal(await missing(next, before), 0);
  t.diagnostic(
    `disk: read-only: a start ends with 73 and is told after ${told.toFixed(2)} s; writable again: missing 0`,
  );
  await next.stop();
});
