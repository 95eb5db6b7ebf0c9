// Every metric of the real program, held against what really happened: by its log, its API, and the other ends.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { METRICS } from "../../src/platform/metric-list.ts";
import { fakeClaude } from "../fakes/harness/fake-claude.ts";
import { startTelegram } from "../fakes/telegram/server.ts";
import { makeHome, startGateway, type Gateway, type Line } from "./program.ts";

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

async function scrape(gateway: Gateway): Promise<readonly Sample[]> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line): Sample => {
      const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2]]);
      return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
    });
}

const sumOf = (
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number =>
  samples
    .filter((one) => one.name === `rollcall_${name}`)
    .filter((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);

async function eventually<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  for (const until = Date.now() + 20_000; Date.now() < until; await wait(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new assert.AssertionError({ message: `never came: ${what}` });
}

/** A receiver of alerts that takes everything. */
async function startPager(
  t: TestContext,
): Promise<{ readonly url: string; readonly got: readonly unknown[] }> {
  const got: unknown[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      got.push(JSON.parse(text));
      response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alert`, got };
}

const PERSON = 12345;
const linesOf = (gateway: Gateway, event: string): readonly Line[] =>
  gateway.lines.filter((line) => line.event === event);

/** A gateway that has answered, repeated, doubted, paid, held and alerted. */
async function lived(t: TestContext) {
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off" });
  t.after(() => telegram.close());
  const pager = await startPager(t);
  const home = makeHome(t);
  const claude = fakeClaude({ dir: home.dir });
  home.configure({
    owners: [`telegram/default/${PERSON}`],
    agents: {
      list: [
        { id: "main", model: { primary: "echo/default" } },
        { id: "paid", model: { primary: "claude-cli/default" } },
        { id: "broken", model: { primary: "broken/default" } },
      ],
    },
    harnesses: {
      "claude-cli": { command: claude.command },
      broken: { kind: "claude-cli", command: "/nowhere/claude" },
    },
    channels: {
      telegram: { accounts: { default: { token: telegram.token, apiRoot: telegram.root } } },
    },
    alerts: { routes: [{ kind: "webhook", url: pager.url }] },
  });
  const gateway = await startGateway(t, home, { env: claude.env, ready: false });
  telegram.script({ method: "sendMessage", trouble: { kind: "lose" } });
  telegram.say("once");
  const send = (text: string, agent: string, id: string) =>
    gateway.api("/api/v1/messages?wait=20", { body: { text, agent, id, conversation: agent } });
  for (const id of ["a", "b"]) assert.equal((await send(`say ${id}`, "main", id)).status, 200);
  assert.equal((await send("say a", "main", "a")).status, 200);
  assert.equal((await send("hello", "paid", "p")).status, 200);
  const heldFrom = Date.now();
  await gateway.api("/api/v1/messages", { body: { text: "hold this", agent: "broken", id: "h" } });
  const heldTo = Date.now();
  await gateway.logged("message.held");
  await eventually(() => (pager.got.length > 0 ? true : undefined), "an alert");
  await eventually(
    () => (linesOf(gateway, "message.done").length >= 4 ? true : undefined),
    "four messages at their end",
  );
  return { telegram, pager, home, gateway, claude, heldFrom, heldTo };
}

test("each metric says what really happened", async (t) => {
  const { gateway, pager, heldFrom, heldTo } = await lived(t);
  const health = await eventually(async () => {
    const { json } = await gateway.api("/api/v1/health");
    return json["recount"] === null ? undefined : json;
  }, "the first recount");
  const asked = Date.now();
  const samples = await scrape(gateway);
  const answered = Date.now();
  const of = (name: string, labels = {}): number => sumOf(samples, name, labels);

  await t.test("the roll, and who can serve", () => {
    assert.deepEqual([of("ready"), of("registry_generation")], [0, 1]);
    const served = ["main", "paid", "broken"].map((agent) => of("agent_servable", { agent }));
    assert.deepEqual(served, [1, 1, 0]);
    const registered = samples.filter(({ name }) => name === "rollcall_harness_registered");
    assert.deepEqual(registered.map(({ labels }) => labels["harness"] ?? "").sort(), [
      "broken",
      "claude-cli",
      "echo",
    ]);
    const candidates = samples.filter(({ name }) => name === "rollcall_candidate_available");
    assert.equal(candidates.length, 3, "one sample for each candidate, none left over from an earlier level");
    assert.equal(of("candidate_available", { agent: "main", level: "L3" }), 1);
    assert.equal(of("candidate_available", { agent: "broken" }), 0);
  });

  await t.test("messages, and the books about them", () => {
    const counts = health["messages"] as Record<string, number>;
    for (const [state, count] of Object.entries(counts))
      assert.equal(of("messages", { state }), count, state);
    assert.deepEqual([of("messages", { state: "done" }), of("messages", { state: "held" })], [4, 1]);
    assert.equal(of("messages_accepted_total", { channel: "web" }), 4);
    assert.equal(of("messages_accepted_total", { channel: "telegram" }), 1);
    assert.equal(of("messages_accepted_total"), linesOf(gateway, "message.accepted").length);
    const { duplicate = 0 } = health["totals"] as Record<string, number>;
    assert.equal(
      of("duplicates_suppressed_total"),
      duplicate + 1,
      "a client's repeat never comes to the books",
    );
    assert.deepEqual([of("accounting_difference"), health["accountingDifference"]], [0, 0]);
    const age = of("oldest_unanswered_seconds") * 1000;
    assert.ok(age >= asked - heldTo && age <= answered - heldFrom, `${age} ms`);
  });

  await t.test("turns, and what they cost", () => {
    const finished = linesOf(gateway, "turn.finished");
    const outcomes = new Set(finished.map(({ outcome }) => String(outcome)));
    assert.deepEqual([...outcomes].sort(), ["answered"]);
    for (const outcome of outcomes)
      assert.equal(
        of("turns_total", { outcome }),
        finished.filter((line) => line["outcome"] === outcome).length,
      );
    assert.equal(of("turns_total", { agent: "main", harness: "echo", outcome: "answered" }), 3);
    assert.equal(of("turn_seconds_count"), finished.length);
    assert.equal(of("turn_reruns_total"), 0);
    assert.equal(of("spend_usd_total", { agent: "paid", harness: "claude-cli" }), 0.01);
    assert.equal(of("spend_usd_total", { agent: "main" }), 0);
  });

  await t.test("deliveries and channels", () => {
    const doubts = linesOf(gateway, "delivery.in_doubt").length;
    assert.equal(doubts, 1);
    assert.equal(of("deliveries_in_doubt_total"), doubts);
    for (const channel of ["web", "telegram"]) {
      const sent = linesOf(gateway, "delivery.sent").filter((line) => line["channel"] === channel).length;
      assert.equal(of("deliveries_total", { channel, outcome: "sent" }), sent, channel);
    }
    const ages = samples.filter(({ name }) => name === "rollcall_channel_last_receive_age_seconds");
    assert.deepEqual(ages.map(({ labels }) => `${labels["channel"]}/${labels["account"]}`).sort(), [
      "telegram/default",
      "web/default",
    ]);
    assert.ok(ages.every(({ value }) => value >= 0 && value < 60));
  });

  await t.test("alerts, the loop, the disk", () => {
    assert.equal(of("alerts_total", { outcome: "delivered" }), pager.got.length);
    assert.equal(of("alerts_total", { route: "webhook" }), pager.got.length);
    assert.ok(of("alert_delivery_seconds_count") >= 1);
    assert.ok(of("event_loop_lag_seconds") >= 0);
    assert.ok(of("store_commit_seconds_count") > of("messages_accepted_total"), "every commit is timed");
    assert.ok(of("store_commit_seconds_sum") > 0);
    assert.ok(samples.some(({ name }) => name === "process_resident_memory_bytes"));
  });

  await t.test("none is declared and never fed", () => {
    const fed = new Set(samples.map(({ name }) => name.replace(/_(?:bucket|sum|count)$/, "")));
    // The first by a start after a kill, below; the second by a damaged store, in the fault tests.
    const elsewhere = ["turns_recovered_total", "store_damages_total"];
    const silent = Object.keys(METRICS).filter(
      (name) => !fed.has(`rollcall_${name}`) && !name.startsWith("canary") && !elsewhere.includes(name),
    );
    assert.deepEqual(silent, []);
    t.diagnostic(
      `${Object.keys(METRICS).length} metrics, ${samples.length} samples held against what happened`,
    );
  });
  await gateway.stop();
});

test("a turn that is run again after a kill is counted as such", async (t) => {
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    harnesses: { echo: { delay: "300ms" } },
  });
  const first = await startGateway(t, home);
  await first.api("/api/v1/messages", { body: { text: "one two three four", id: "x" } });
  await first.logged("turn.started");
  await eventually(async () => {
    const { json } = await first.api("/api/v1/messages?state=running");
    const [message] = json["messages"] as { harness: string | null }[];
    return message?.harness === "echo" ? true : undefined;
  }, "the prompt");
  await first.kill();
  const next = await startGateway(t, home);
  await next.api("/api/v1/messages?wait=20", { body: { text: "one two three four", id: "x" } });
  const samples = await scrape(next);
  assert.equal(sumOf(samples, "turn_reruns_total"), 1);
  assert.equal(sumOf(samples, "turns_recovered_total", { outcome: "rerun" }), 1);
  assert.equal(sumOf(samples, "messages", { state: "done" }), 1);
  assert.equal(sumOf(samples, "messages_accepted_total"), 0, "this process accepted nothing");
  assert.equal(sumOf(samples, "duplicates_suppressed_total"), 1);
  await next.stop();
});
