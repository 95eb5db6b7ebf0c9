// Reloads of the whole program: by request, by signal, by the command, and by the file alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { makeHome, replyOf, startGateway, type Gateway, type Home } from "./program.ts";

interface Reasons {
  readonly reasons: readonly { readonly code: string; readonly detail: string }[];
}

const echo = (delay: string, more: object = {}): object => ({
  agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
  harnesses: { echo: { delay } },
  ...more,
});
const reload = (gateway: Gateway, body: object = {}) => gateway.api("/api/v1/reload", { body });
const ask = async (gateway: Gateway, text: string, more: object = {}) =>
  replyOf((await gateway.api("/api/v1/messages?wait=30", { body: { text, ...more } })).json);
const reasonsOf = (json: Record<string, unknown>) => (json as unknown as Reasons).reasons;

/** The command, as a person runs it. */
async function reloadCommand(home: Home, ...args: string[]) {
  const entry = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const env = { PATH: process.env["PATH"] ?? "", HOME: home.dir };
  const child = spawn(process.execPath, [entry, "reload", "--state", home.state, ...args], { env });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (err += chunk));
  child.stdout.resume();
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, err };
}

const nextStartOf = async (gateway: Gateway) =>
  (await gateway.api("/api/v1/status")).json["nextStart"] as { ok: boolean; code: string; reason: string };
const count = (gateway: Gateway, event: string): number =>
  gateway.lines.filter((line) => line.event === event).length;

/** Waits for the n-th line of a kind. */
async function counted(gateway: Gateway, event: string, n: number): Promise<void> {
  for (const until = Date.now() + 20_000; count(gateway, event) < n; await wait(20))
    assert.ok(Date.now() < until, `${event} never came ${n} times`);
}

test("a running turn finishes on the configuration that it began with, the next one has the new", async (t) => {
  const home = makeHome(t);
  home.configure(echo("150ms"));
  const gateway = await startGateway(t, home);
  const begun = performance.now();
  const slow = ask(gateway, "one two three four five six seven eight", { id: "slow" });
  await gateway.logged("turn.started");
  home.configure(echo("0ms"));
  assert.deepEqual(await reload(gateway), { status: 200, json: { generation: 2 } });
  assert.equal(await ask(gateway, "quick one", { conversation: "other", id: "quick" }), "quick one");
  const quick = performance.now() - begun;
  assert.equal(await slow, "one two three four five six seven eight");
  const took = performance.now() - begun;
  assert.ok(took >= 1100, `the old delay held to the end: ${took} ms`);
  assert.ok(quick < took, "the new one was answered meanwhile");
  const turns = gateway.lines.filter(({ event }) => event === "turn.started");
  assert.deepEqual(
    turns.map(({ generation }) => generation),
    [1, 2],
  );
  const swapped = await gateway.logged("registry.swapped");
  assert.deepEqual([swapped["generation"], swapped["replaced"]], [2, ["echo"]]);
  await gateway.stop();
});

test("by the command and by SIGHUP; what can't be taken up is said with its key", async (t) => {
  const home = makeHome(t);
  home.configure(echo("0ms"));
  const gateway = await startGateway(t, home);
  assert.deepEqual(await reloadCommand(home), { code: 0, err: "" });
  gateway.signal("SIGHUP");
  await counted(gateway, "registry.swapped", 2);

  home.configure(
    echo("0ms", { gateway: { host: "::1", auth: { token: { env: "OTHER" } } }, plugins: ["./p.ts"] }),
  );
  const refused = await reload(gateway);
  assert.equal(refused.status, 409);
  assert.equal(refused.json["code"], "reload-refused");
  home.configure(echo("0ms", { gateway: { host: "::1", auth: { token: { env: "OTHER" } } } }));
  const keys = reasonsOf((await reload(gateway)).json);
  assert.deepEqual(
    keys.map(({ code, detail }) => [code, detail.split(":")[0]]),
    [
      ["restart-needed", "gateway.host"],
      ["restart-needed", "gateway.auth.token"],
    ],
  );
  // A start has nothing against it.
  assert.equal((await nextStartOf(gateway)).ok, true);
  const failing = await reloadCommand(home);
  assert.equal(failing.code, 65);
  assert.match(failing.err, /gateway\.host: a change needs a restart/);
  assert.equal(await ask(gateway, "still here"), "still here");
  await gateway.stop();
});

test("a configuration that would leave a served agent without service is refused, an unregistered harness too", async (t) => {
  const home = makeHome(t);
  home.configure(echo("0ms"));
  const gateway = await startGateway(t, home);
  const agent = (primary: string) => ({ agents: { list: [{ id: "main", model: { primary } }] } });
  home.configure({
    ...agent("claude-cli/default"),
    harnesses: { "claude-cli": { command: "/nowhere/claude" } },
  });
  const lost = await reload(gateway);
  assert.equal(lost.status, 409);
  assert.deepEqual(
    reasonsOf(lost.json).map(({ code }) => code),
    ["agent-unavailable"],
  );
  home.configure(agent("nobody/x"));
  const unregistered = reasonsOf((await reload(gateway)).json)[0];
  assert.equal(unregistered?.code, "harness-unregistered");
  assert.match(unregistered?.detail ?? "", /declared harness "nobody" is not registered \(agent main\)/);
  const next = await nextStartOf(gateway);
  assert.deepEqual([next.ok, next.code], [false, "harness-unregistered"]);
  // A fallback that works is enough, and a new agent that can't be served yet is no reason against the others.
  home.configure({
    agents: {
      list: [
        { id: "main", model: { primary: "claude-cli/default", fallbacks: ["echo/default"] } },
        { id: "later", model: { primary: "claude-cli/default" } },
      ],
    },
    harnesses: { "claude-cli": { command: "/nowhere/claude" } },
  });
  assert.equal((await reload(gateway)).status, 200);
  assert.match((await ask(gateway, "hello")) ?? "", /hello/);
  const ready = await gateway.api("/readyz?agent=main");
  assert.equal(ready.status, 200);
  assert.equal((await gateway.api("/readyz?agent=later")).status, 503);
  await gateway.stop();
});

test("an agent with waiting messages goes only when it is named; its senders are told", async (t) => {
  const home = makeHome(t);
  const two = {
    agents: {
      list: [
        { id: "main", model: { primary: "echo/default" } },
        { id: "research", model: { primary: "claude-cli/default" } },
      ],
    },
    harnesses: { "claude-cli": { command: "/nowhere/claude" } },
  };
  home.configure(two);
  const gateway = await startGateway(t, home, { ready: false });
  const { json } = await gateway.api("/api/v1/messages", {
    body: { text: "find it", agent: "research", id: "r1" },
  });
  const { id } = json["message"] as { id: string };
  await gateway.logged("message.held");
  home.configure(echo("0ms"));
  const refused = await reload(gateway);
  assert.equal(refused.status, 409);
  assert.match(
    reasonsOf(refused.json)[0]?.detail ?? "",
    /^1 message waits for agent research; .*--drop-agent research/,
  );
  assert.deepEqual(await reloadCommand(home, "--drop-agent", "research"), { code: 0, err: "" });
  await gateway.logged("gateway.ready");
  const message = (await gateway.api(`/api/v1/messages/${id}`)).json["message"] as {
    state: string;
    deliveries: readonly { kind: string; state: string }[];
    history: readonly { event: string }[];
  };
  assert.equal(message.state, "cancelled");
  assert.ok(message.history.some(({ event }) => event === "agent-removed"));
  assert.equal(message.deliveries.filter(({ kind }) => kind === "notice").length > 0, true);
  assert.equal(
    (await gateway.api("/api/v1/messages", { body: { text: "?", agent: "research" } })).status,
    404,
  );
  await gateway.stop();
});

test("an address, a public one, and who may write are taken up without a restart", async (t) => {
  const home = makeHome(t);
  home.configure(echo("0ms"));
  const gateway = await startGateway(t, home);
  const hostStatus = async (host: string): Promise<number> => {
    const { request } = await import("node:http");
    const { hostname, port } = new URL(gateway.url);
    return new Promise((resolve, reject) => {
      const call = request(
        {
          hostname,
          port,
          path: "/api/v1/status",
          headers: { host, authorization: `Bearer ${gateway.token}` },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      call.on("error", reject).end();
    });
  };
  assert.equal(await hostStatus("chat.example.org"), 421);
  home.configure(echo("0ms", { gateway: { allowedHosts: ["chat.example.org"] } }));
  assert.equal((await reload(gateway)).status, 200);
  assert.equal(await hostStatus("chat.example.org"), 200);
  home.configure(echo("0ms", { gateway: { trustedProxies: ["not-an-address"] } }));
  const refused = reasonsOf((await reload(gateway)).json)[0];
  assert.match(refused?.detail ?? "", /gateway\.trustedProxies\[0\]: expected an IP address/);
  await gateway.stop();
});

test("reloads that are asked for at once are few, and all of them are answered", async (t) => {
  const home = makeHome(t);
  home.configure(echo("0ms"));
  const gateway = await startGateway(t, home);
  const answers = await Promise.all(Array.from({ length: 20 }, () => reload(gateway)));
  assert.ok(answers.every(({ status }) => status === 200));
  const swaps = count(gateway, "registry.swapped");
  assert.ok(swaps < 10, `${swaps} swaps for 20 requests`);
  assert.equal(
    (await gateway.api("/api/v1/status")).json["generation"],
    1 + count(gateway, "registry.swapped"),
  );
  await gateway.stop();
});
