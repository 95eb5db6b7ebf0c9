import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fakeClaude, type FakeClaude } from "../fakes/harness/fake-claude.ts";
import { startWebhook } from "../fakes/webhook.ts";
import { makeHome, replyOf, startGateway, type Gateway } from "../gateway/program.ts";

interface Message {
  readonly id: string;
  readonly state: string;
  readonly reply: { readonly text: string } | null;
  readonly deliveries: readonly { readonly kind: string }[];
}

async function begin(t: TestContext, options: { readonly away?: boolean } = {}) {
  const home = makeHome(t);
  const hook = await startWebhook(t);
  const claude = fakeClaude({ dir: join(home.dir, "claude") });
  home.configure({
    agents: {
      defaults: { hold: { noticeAfter: "200ms" } },
      list: [
        { id: "main", model: { primary: "claude-cli/default" }, workspace: join(home.dir, "a") },
        { id: "other", model: { primary: "echo/default" }, workspace: join(home.dir, "b") },
      ],
    },
    harnesses: { "claude-cli": { command: claude.command } },
    alerts: { routes: [{ kind: "webhook", url: hook.url }] },
  });
  if (options.away === true) remove(claude);
  const gateway = await startGateway(t, home, { env: claude.env, ready: options.away !== true });
  return { gateway, claude, hook };
}

const remove = (claude: FakeClaude): void => renameSync(claude.command, `${claude.command}.away`);
const giveBack = (claude: FakeClaude): void => renameSync(`${claude.command}.away`, claude.command);

/** Asks until it is so; returns how long that took, in milliseconds. */
async function until(is: () => Promise<boolean>): Promise<number> {
  const begun = performance.now();
  while (!(await is())) await pause(10);
  return Math.round(performance.now() - begun);
}

const readyCode = async (gateway: Gateway, query = ""): Promise<number> =>
  (await fetch(`${gateway.url}/readyz${query}`)).status;

async function send(gateway: Gateway, text: string, agent = "main", wait = ""): Promise<Message> {
  const body = { text, agent, conversation: agent };
  return (await gateway.api(`/api/v1/messages${wait}`, { body })).json["message"] as Message;
}

const look = async (gateway: Gateway, { id }: Message): Promise<Message> =>
  (await gateway.api(`/api/v1/messages/${id}`)).json["message"] as Message;

test("a program that is taken away holds its agent alone, and what is held is answered when it is back", async (t) => {
  const { gateway, claude, hook } = await begin(t);
  assert.match((await send(gateway, "warm up", "main", "?wait=20")).reply?.text ?? "", /You said: warm up/);

  remove(claude);
  const alerted = until(async () => hook.of("critical").length > 0);
  const noticed = await until(async () => (await readyCode(gateway)) === 503);
  const refused = (await gateway.api("/readyz")).json["failing"] as { id: string; code: string }[];
  assert.deepEqual(
    refused.map(({ id, code }) => [id, code]),
    [["main", "harness-missing"]],
  );
  assert.equal(await readyCode(gateway, "?agent=other"), 200);

  const waits: number[] = [];
  const held: Message[] = [];
  for (let i = 0; i < 5; i++) {
    held.push(await send(gateway, `number ${i}`));
    const begun = performance.now();
    const { json } = await gateway.api("/api/v1/messages?wait=20", {
      body: { text: `other ${i}`, agent: "other", conversation: "other" },
    });
    waits.push(performance.now() - begun);
    assert.equal(replyOf(json), `other ${i}`);
  }
  await until(async () =>
    (await Promise.all(held.map((one) => look(gateway, one)))).every(({ state }) => state === "held"),
  );
  const told = (): Promise<number> =>
    Promise.all(held.map((one) => look(gateway, one))).then(
      (all) => all.flatMap(({ deliveries }) => deliveries).filter(({ kind }) => kind === "notice").length,
    );
  await until(async () => (await told()) > 0);

  const alert = await alerted;
  assert.ok(alert <= 5000, `the alert took ${alert} ms`);
  t.diagnostic(`the operator was alerted ${alert} ms after the program went`);

  giveBack(claude);
  const healed = await until(async () => (await readyCode(gateway)) === 200);
  const first = await until(async () => (await look(gateway, held[0] as Message)).state === "done");
  const all = await until(async () =>
    (await Promise.all(held.map((one) => look(gateway, one)))).every(({ state }) => state === "done"),
  );
  assert.equal(await told(), 1);
  const texts = claude.prompts().map(({ text }) => text);
  const order = texts.flatMap((text) => [...text.matchAll(/number (\d)/g)].map((match) => match[1]));
  assert.deepEqual(order, ["0", "1", "2", "3", "4"], "in order, each once");
  const lost =
    held.length - (await Promise.all(held.map((one) => look(gateway, one)))).filter((m) => m.reply).length;
  assert.equal(lost, 0);
  t.diagnostic(
    `noticed after ${noticed} ms (1 s of absence included), told once, lost ${lost} of ${held.length}`,
  );
  t.diagnostic(
    `back: ready after ${healed} ms, the first answer ${healed + first} ms, the last ${healed + first + all} ms`,
  );
  t.diagnostic(`the other agent meanwhile: at most ${Math.round(Math.max(...waits))} ms for an answer`);
  assert.equal(await gateway.stop(), 0);
});

test("a program that isn't there at the start: holding, named, and served when it comes", async (t) => {
  const { gateway, claude } = await begin(t, { away: true });
  const probe = gateway.lines.find(({ event }) => event === "harness.unavailable");
  const holding = gateway.lines.find(({ event }) => event === "gateway.holding");
  assert.equal(probe?.["code"], "harness-missing");
  const apart = Date.parse(String(holding?.["time"])) - Date.parse(String(probe?.["time"]));
  const message = await send(gateway, "early");
  assert.equal(message.reply, null);
  giveBack(claude);
  const served = await until(async () => (await look(gateway, message)).state === "done");
  t.diagnostic(`holding ${apart} ms after the probe; answered ${served} ms after the program came`);
  assert.equal(await gateway.stop(), 0);
});

test("a name that nobody declared is refused at the door, with another code and quietly", async (t) => {
  const { gateway } = await begin(t);
  const { status, json } = await gateway.api("/api/v1/messages", { body: { text: "hello", agent: "mian" } });
  assert.deepEqual([status, json["code"]], [404, "agent-unknown"]);
  assert.equal((await gateway.logged("http.refused")).level, "info");
  assert.ok(!gateway.lines.some(({ level }) => level === "error" || level === "fatal"));
  assert.equal(await gateway.stop(), 0);
});
