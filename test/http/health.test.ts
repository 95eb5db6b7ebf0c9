import assert from "node:assert/strict";
import { test } from "node:test";
import { openRig, REPORT } from "./rig.ts";

const free = { token: null, headers: { host: "anything.example" } };

test("the health paths need neither a token nor a known host name", async (t) => {
  const rig = await openRig(t);
  for (const path of ["/livez", "/intakez", "/readyz", "/healthz"]) {
    assert.equal((await rig.ask({ ...free, path })).status, 200, path);
    assert.equal((await rig.ask({ ...free, path, method: "HEAD" })).text, "", path);
    const refused = await rig.ask({ ...free, path, method: "POST" });
    assert.deepEqual([refused.status, refused.headers.allow], [405, "GET, HEAD, OPTIONS"], path);
  }
});

test("livez is about the process alone, intakez about accepting", async (t) => {
  const rig = await openRig(t);
  rig.report = { ...REPORT, status: "not_ready" };
  assert.equal((await rig.ask({ ...free, path: "/livez" })).status, 200);
  rig.live = false;
  assert.equal((await rig.ask({ ...free, path: "/livez" })).status, 503);
  assert.equal((await rig.ask({ ...free, path: "/intakez" })).status, 200);
  rig.intakeOpen = false;
  assert.equal((await rig.ask({ ...free, path: "/intakez" })).status, 503);
});

test("readyz says ready with what is degraded, or what fails and how to mend it", async (t) => {
  const rig = await openRig(t);
  rig.report = { ...REPORT, degraded: ["main"] };
  const ready = await rig.ask({ ...free, path: "/readyz" });
  assert.deepEqual([ready.status, ready.json], [200, { status: "ready", degraded: ["main"] }]);

  const failing = {
    kind: "harness",
    id: "claude-cli",
    code: "harness-login",
    since: 0,
    fix: "Log in.",
  } as const;
  for (const status of ["holding", "not_ready", "draining", "starting"] as const) {
    rig.report = { ...REPORT, status, failing: [failing] };
    const told = await rig.ask({ ...free, path: "/readyz" });
    assert.equal(told.status, 503);
    assert.deepEqual(told.json, { status, failing: [{ ...failing, since: "1970-01-01T00:00:00.000Z" }] });
    const health = await rig.ask({ ...free, path: "/healthz" });
    assert.deepEqual([health.status, health.json], [503, { status, version: "1.2.3" }]);
  }
});

test("readyz of one agent or channel is about that one", async (t) => {
  const rig = await openRig(t);
  const candidate = { harness: "claude-cli", model: "x" };
  const state = {
    candidate,
    available: false,
    level: null,
    code: null,
    detail: null,
    since: 0,
    until: null,
    version: null,
    paidBy: null,
  };
  const login = {
    kind: "harness",
    id: "claude-cli",
    code: "harness-login",
    since: 0,
    fix: "Log in.",
  } as const;
  const channel = {
    kind: "channel",
    id: "telegram/default",
    code: "token-refused",
    since: 0,
    fix: "Mend.",
  } as const;
  rig.report = {
    ...REPORT,
    status: "holding",
    failing: [login, channel],
    agents: [
      { id: "main", servable: true, candidates: [] },
      { id: "down", servable: false, candidates: [state] },
    ],
    channels: REPORT.channels.map((one) =>
      one.channel === "telegram" ? { ...one, status: "failing" as const } : one,
    ),
  };
  const statusOf = async (query: string): Promise<unknown> => {
    const { status, json } = await rig.ask({ ...free, path: `/readyz?${query}` });
    const named = (json["failing"] ?? []) as { id: string }[];
    return [status, ...named.map(({ id }) => id)];
  };
  assert.deepEqual(await statusOf("agent=main"), [200]);
  assert.deepEqual(await statusOf("agent=down"), [503, "claude-cli"]);
  assert.deepEqual(await statusOf("agent=nobody"), [404]);
  assert.deepEqual(await statusOf("channel=web/default"), [200]);
  assert.deepEqual(await statusOf("channel=telegram/default"), [503, "telegram/default"]);
  assert.deepEqual(await statusOf("channel=slack/default"), [404]);
  assert.deepEqual(await statusOf("agent=main&agent=down"), [400]);
  assert.deepEqual(await statusOf("agent=main&channel=web/default"), [400]);
  assert.deepEqual(await statusOf("agnet=main"), [400]);

  rig.report = { ...rig.report, status: "draining", failing: [] };
  assert.deepEqual(await statusOf("agent=main"), [503]);
});

test("a status that can't be computed is a bug with an id, and livez goes on", async (t) => {
  const rig = await openRig(t, {
    status: {
      report: () => {
        throw new TypeError("secret-path /etc/x");
      },
      intakeOpen: () => true,
    },
  });
  const told = await rig.ask({ ...free, path: "/readyz" });
  assert.equal(told.status, 500);
  assert.equal(told.json["code"], "bug");
  assert.ok(!told.text.includes("secret-path"));
  assert.equal(rig.logged.at(-1)?.fields["id"], told.json["id"]);
  assert.equal((await rig.ask({ ...free, path: "/livez" })).status, 200);
});
