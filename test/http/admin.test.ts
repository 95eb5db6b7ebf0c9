import assert from "node:assert/strict";
import { test } from "node:test";
import { openRig } from "./rig.ts";

const post = (path: string, body?: unknown): { method: string; path: string; body?: unknown } => ({
  method: "POST",
  path: `/api/v1${path}`,
  body,
});

test("pairing is listed, decided and revoked", async (t) => {
  const rig = await openRig(t);
  rig.desk.pairs.push({
    code: "ABCDEFGH",
    channel: "telegram",
    account: "default",
    sender: { id: "7", name: "Ada" },
    at: 0,
    state: "open",
  });
  const list = await rig.ask({ path: "/api/v1/pairing" });
  assert.deepEqual(list.json["pairings"], [
    {
      code: "ABCDEFGH",
      channel: "telegram",
      account: "default",
      sender: { id: "7", name: "Ada" },
      at: "1970-01-01T00:00:00.000Z",
      state: "open",
    },
  ]);
  const approved = await rig.ask(post("/pairing/ABCDEFGH/approve"));
  assert.deepEqual([approved.status, approved.json], [200, { code: "ABCDEFGH", state: "approved" }]);
  assert.equal((await rig.ask(post("/pairing/ABCDEFGH/deny"))).status, 200);
  assert.equal((await rig.ask(post("/pairing/XXXXXXXX/approve"))).status, 404);
  assert.deepEqual(rig.desk.did, ["approved ABCDEFGH", "denied ABCDEFGH", "approved XXXXXXXX"]);
  assert.equal((await rig.ask(post("/pairing/revoke", { sender: "telegram/default/7" }))).status, 204);
  assert.equal((await rig.ask(post("/pairing/revoke", { sender: "telegram/default/8" }))).status, 404);
  assert.equal((await rig.ask(post("/pairing/revoke", { sender: "Ada" }))).status, 400);
  assert.equal((await rig.ask(post("/pairing/revoke"))).status, 400);
});

test("the status and its parts are told with times as ISO 8601", async (t) => {
  const rig = await openRig(t);
  await rig.clock.advance(60_000);
  const { json } = await rig.ask({ path: "/api/v1/status" });
  assert.equal(json["startedAt"], "2026-01-01T00:00:00.000Z");
  assert.deepEqual(json["nextStart"], { ok: true, code: null, reason: null });
  assert.equal(json["intakeOpen"], true);
  const { json: parts } = await rig.ask({ path: "/api/v1/channels" });
  const [web, telegram] = parts["channels"] as { lastReceiveAt: string | null }[];
  assert.equal(web?.lastReceiveAt, "2026-01-01T00:00:00.000Z");
  assert.equal(telegram?.lastReceiveAt, null);
  assert.deepEqual((await rig.ask({ path: "/api/v1/agents" })).json, {
    agents: [{ id: "main", servable: true, candidates: [] }],
  });
  assert.deepEqual((await rig.ask({ path: "/api/v1/harnesses" })).json, { harnesses: [] });
  assert.deepEqual((await rig.ask({ path: "/api/v1/alerts" })).json, { alerts: [], mutedUntil: null });
  const sessions = await rig.ask({ path: "/api/v1/sessions" });
  assert.deepEqual(sessions.json["sessions"], [
    {
      key: "agent:main:web:direct:main",
      agent: "main",
      lastAt: "1970-01-01T00:00:00.000Z",
      messages: 1,
      harnesses: [],
    },
  ]);
});

test("health tells the accounting", async (t) => {
  const rig = await openRig(t);
  const { json } = await rig.ask({ path: "/api/v1/health" });
  assert.deepEqual([json["live"], json["accountingDifference"], json["oldestWaitingAt"]], [true, 0, null]);
  assert.equal((json["messages"] as { queued: number }).queued, 0);
});

test("a session is reset", async (t) => {
  const rig = await openRig(t);
  assert.equal(
    (await rig.ask(post("/sessions/reset", { session: "agent:main:web:direct:main" }))).status,
    204,
  );
  assert.equal((await rig.ask(post("/sessions/reset", {}))).status, 400);
  assert.deepEqual(rig.desk.did, ["reset agent:main:web:direct:main"]);
});

test("what this gateway can't do it says", async (t) => {
  const rig = await openRig(t);
  for (const path of ["/drain", "/reload"]) {
    const told = await rig.ask(post(path));
    assert.deepEqual([told.status, told.json["code"]], [501, "not-supported"], path);
  }
});

test("a drain is begun, a reload answers what was decided", async (t) => {
  const did: unknown[] = [];
  const rig = await openRig(t, {
    drain: () => did.push("drain"),
    reload: (request) => {
      did.push(request);
      const refused = [{ code: "config-invalid", detail: "agents.list.0.modle is not a key" }] as const;
      return Promise.resolve(request.dropAgents.length > 0 ? { generation: 2 } : { refused });
    },
  });
  assert.equal((await rig.ask(post("/drain"))).status, 202);
  const taken = await rig.ask(post("/reload", { dropAgents: ["old"] }));
  assert.deepEqual([taken.status, taken.json], [200, { generation: 2 }]);
  const refused = await rig.ask(post("/reload"));
  assert.deepEqual([refused.status, refused.json["code"]], [409, "reload-refused"]);
  assert.deepEqual(refused.json["reasons"], [
    { code: "config-invalid", detail: "agents.list.0.modle is not a key" },
  ]);
  assert.equal((await rig.ask(post("/reload", { dropAgents: "old" }))).status, 400);
  assert.equal((await rig.ask(post("/reload", { dropAgents: [1] }))).status, 400);
  assert.deepEqual(did, ["drain", { dropAgents: ["old"] }, { dropAgents: [] }]);
});
