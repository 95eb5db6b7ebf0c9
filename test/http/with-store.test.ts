// The HTTP side over the real store and the real walk of a message, with a harness that answers by script.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import type { MessageId } from "../../src/core/ids.ts";
import { createRig } from "../fakes/core-rig.ts";
import { settle } from "../fakes/clock.ts";
import { openRig } from "./rig.ts";

test("a message that came over HTTP is answered to whoever waits for it, and shown with its life", async (t) => {
  const core = await createRig();
  t.after(() => core.stop());
  const rig = await openRig(t, {
    store: core.store,
    intake: core.pipeline.intake,
    operate: core.pipeline.operate,
    clock: core.clock,
  });
  const body = { text: "hello", id: "c-1", to: "telegram/default/100" };
  const waiting = rig.ask({ method: "POST", path: "/api/v1/messages?wait=60", body });
  const answered = new AbortController();
  void waiting.then(() => answered.abort());
  for (let i = 0; i < 100 && !answered.signal.aborted; i++) {
    await settle();
    await core.run(1000);
  }
  const told = await waiting;
  const message = told.json["message"] as {
    id: string;
    state: string;
    reply: { text: string } | null;
    deliveries: { state: string }[];
  };
  assert.equal(told.status, 200, told.text);
  assert.equal(message.state, "done");
  assert.notEqual(message.reply, null);
  assert.ok(message.deliveries.some(({ state }) => state === "sent"));

  const again = await rig.ask({ method: "POST", path: "/api/v1/messages", body });
  assert.equal((again.json["message"] as { id: string }).id, message.id);
  const other = await rig.ask({ method: "POST", path: "/api/v1/messages", body: { ...body, text: "other" } });
  assert.deepEqual([other.status, other.json["code"]], [409, "client-id-conflict"]);

  const shown = await rig.ask({ path: `/api/v1/messages/${message.id}` });
  const { history } = shown.json["message"] as { history: { event: string; at: string }[] };
  assert.equal(history[0]?.event, "accepted");
  assert.ok(history.length >= 4 && history.every(({ at }) => !Number.isNaN(Date.parse(at))));
  const retried = await rig.ask({ method: "POST", path: `/api/v1/messages/${message.id}/retry` });
  assert.deepEqual([retried.status, retried.json["code"]], [409, "state-conflict"]);
  const list = await rig.ask({ path: "/api/v1/messages?state=done&conversation=main" });
  assert.deepEqual(
    (list.json["messages"] as { id: string }[]).map(({ id }) => id),
    [message.id],
  );
  const health = await rig.ask({ path: "/api/v1/health" });
  assert.equal(health.json["accountingDifference"], 0);
});

test("tokens, sessions and pages of messages live in the real store", async (t) => {
  const core = await createRig();
  t.after(() => core.stop());
  const rig = await openRig(t, { store: core.store, intake: core.pipeline.intake, clock: core.clock });
  const made = await rig.ask({ method: "POST", path: "/api/v1/tokens", body: { name: "phone" } });
  const token = String(made.json["token"]);
  const ids: string[] = [];
  for (const text of ["one", "two", "three"]) {
    const { json } = await rig.ask({ method: "POST", path: "/api/v1/messages", token, body: { text } });
    ids.unshift((json["message"] as { id: string }).id);
  }
  const first = await rig.ask({ path: "/api/v1/messages?limit=2", token });
  const rest = await rig.ask({
    path: `/api/v1/messages?limit=2&cursor=${String(first.json["cursor"])}`,
    token,
  });
  const listed = [first, rest].flatMap(({ json }) =>
    (json["messages"] as { id: string }[]).map(({ id }) => id),
  );
  assert.deepEqual(listed, ids);
  assert.equal(
    (await rig.ask({ method: "DELETE", path: `/api/v1/tokens/${String(made.json["id"])}` })).status,
    204,
  );
  assert.equal((await rig.ask({ path: "/api/v1/status", token })).status, 401);
  const code = new URL(rig.http.link()).hash.replace("#code=", "");
  const signed = await rig.ask({ method: "POST", path: "/api/v1/sign-in", token: null, body: { code } });
  assert.equal(signed.status, 204);
  assert.notEqual(await core.store.note("http.sessions"), null);
});

test("what was cleared away is gone, and its id is no new message's", async (t) => {
  const core = await createRig();
  t.after(() => core.stop());
  const purged: unknown[] = [];
  const rig = await openRig(t, {
    store: core.store,
    intake: core.pipeline.intake,
    clock: core.clock,
    archive: {
      async purge(request, by) {
        purged.push([request, by]);
        return { purged: { done: 2 }, total: 2, more: true, dryRun: request.dryRun };
      },
      backup: () => Promise.reject(new RollcallError("backup-running")),
    },
  });
  const body = { text: "hello", id: "c-1", to: "telegram/default/100" };
  const sent = await rig.ask({ method: "POST", path: "/api/v1/messages", body });
  const { id } = sent.json["message"] as { id: string };
  for (let i = 0; i < 20; i++) await core.run(1000);
  assert.deepEqual(await core.store.clearOne(id as MessageId, false), { state: "done", files: [] });
  const again = await rig.ask({ method: "POST", path: "/api/v1/messages", body });
  assert.deepEqual([again.status, again.json["code"]], [409, "client-id-conflict"]);

  const path = "/api/v1/messages/purge";
  const ok = await rig.ask({ method: "POST", path, body: { states: ["dead"], before: "7d", dryRun: true } });
  assert.deepEqual(ok.json, { purged: { done: 2 }, total: 2, more: true, dryRun: true });
  const request = { id: null, olderThan: 7 * 24 * 3_600_000, states: ["dead"], dryRun: true };
  assert.deepEqual(purged, [[request, "operator"]]);
  for (const wrong of [
    {},
    { id, before: "7d" },
    { before: "7" },
    { states: ["queued"] },
    { states: "dead" },
    { id, dryRun: 1 },
  ]) {
    const refused = await rig.ask({ method: "POST", path, body: wrong });
    assert.deepEqual(
      [refused.status, refused.json["code"]],
      [400, "request-malformed"],
      JSON.stringify(wrong),
    );
  }
  assert.equal(purged.length, 1);
  const busy = await rig.ask({ method: "POST", path: "/api/v1/backup", body: {} });
  assert.deepEqual([busy.status, busy.json["code"]], [409, "backup-running"]);
});
