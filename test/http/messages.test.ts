import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { RollcallError } from "../../src/core/errors.ts";
import { settle } from "../fakes/clock.ts";
import type { Told } from "./ask.ts";
import { openRig, type Rig } from "./rig.ts";

const PATH = "/api/v1/messages";
const post = (rig: Rig, body: unknown, query = ""): Promise<Told> =>
  rig.ask({ method: "POST", path: PATH + query, body });
const messageOf = (told: Told): Record<string, unknown> => told.json["message"] as Record<string, unknown>;

test("a message is accepted into the conversation, with everything that it is about", async (t) => {
  const rig = await openRig(t);
  const told = await post(rig, {
    text: "hello",
    agent: "other",
    conversation: "notes",
    id: "c-1",
    to: "telegram/default/12345",
  });
  assert.equal(told.status, 202);
  assert.equal(told.headers.location, "/api/v1/messages/m_1");
  assert.deepEqual(told.json, {
    message: {
      id: "m_1",
      clientId: "c-1",
      state: "queued",
      kind: "message",
      channel: "web",
      account: "default",
      conversation: "notes",
      sender: { id: "operator", name: "operator" },
      agent: "other",
      session: "agent:main:web:direct:main",
      text: "hello",
      attachments: [],
      acceptedAt: "2026-01-01T00:00:00.000Z",
      attempts: 0,
      repeats: 0,
      harness: null,
      model: null,
      generation: null,
      turn: null,
      reply: null,
      hold: null,
      failure: null,
      replayOf: null,
      deliveries: [],
    },
  });
  const { entry } = rig.desk.messages.get("m_1") ?? assert.fail();
  assert.deepEqual(entry.body.answerTo, { channel: "telegram", account: "default", conversation: "12345" });
  assert.equal(entry.role, "operator");
});

test("without a conversation it is main, without an id every message is its own", async (t) => {
  const rig = await openRig(t);
  for (const id of ["m_1", "m_2"]) {
    const message = messageOf(await post(rig, { text: "hello" }));
    assert.deepEqual(
      [message["id"], message["conversation"], message["agent"], message["clientId"]],
      [id, "main", "main", null],
    );
  }
});

test("the same id is the same message, with another body a conflict", async (t) => {
  const rig = await openRig(t);
  const data = Buffer.from("bytes").toString("base64");
  const body = {
    text: "hello",
    id: "c-1",
    to: "telegram/default/1",
    attachments: [{ name: "a.txt", mime: "text/plain", data }],
  };
  assert.equal(messageOf(await post(rig, body))["id"], "m_1");
  const again = await post(rig, body);
  assert.deepEqual([again.status, messageOf(again)["id"]], [202, "m_1"]);
  assert.equal(rig.desk.messages.size, 1);

  const others = [
    { ...body, text: "other" },
    { ...body, to: "telegram/default/2" },
    { ...body, to: undefined },
    { ...body, agent: "other" },
    { ...body, attachments: [] },
    {
      ...body,
      attachments: [{ name: "a.txt", mime: "text/plain", data: Buffer.from("other").toString("base64") }],
    },
    { ...body, attachments: [{ name: "b.txt", mime: "text/plain", data }] },
  ];
  for (const other of others) {
    const told = await post(rig, other);
    assert.deepEqual(
      [told.status, told.json["code"], told.json["at"]],
      [409, "client-id-conflict", "id"],
      JSON.stringify(other),
    );
  }
  assert.equal(messageOf(await post(rig, { ...body, conversation: "elsewhere" }))["id"], "m_2");
});

test("ids and conversations can't be made to meet by their separators", async (t) => {
  const rig = await openRig(t);
  await post(rig, { text: "hello", conversation: "a:b", id: "c" });
  assert.equal(messageOf(await post(rig, { text: "hello", conversation: "a", id: "b:c" }))["id"], "m_2");
});

test("two requests at once under one id are one message", async (t) => {
  const rig = await openRig(t);
  const [one, two] = await Promise.all([
    post(rig, { text: "x", id: "c" }),
    post(rig, { text: "x", id: "c" }),
  ]);
  assert.deepEqual(
    [one.status, two.status, messageOf(one)["id"], messageOf(two)["id"]],
    [202, 202, "m_1", "m_1"],
  );
});

test("the same id of another token is another message", async (t) => {
  const rig = await openRig(t);
  const made = await rig.ask({ method: "POST", path: "/api/v1/tokens", body: { name: "phone" } });
  await post(rig, { text: "hello", id: "c" });
  const token = String(made.json["token"]);
  const told = await rig.ask({ method: "POST", path: PATH, token, body: { text: "other", id: "c" } });
  assert.deepEqual([told.status, messageOf(told)["sender"]], [202, { id: made.json["id"], name: "phone" }]);
});

test("attachments are stored under cleaned names and shown without their bytes", async (t) => {
  const rig = await openRig(t);
  const data = Buffer.from("picture").toString("base64");
  const told = await post(rig, { attachments: [{ name: "../../etc/x.png", mime: "Image/PNG", data }] });
  assert.deepEqual(messageOf(told)["attachments"], [
    { kind: "image", name: "../../etc/x.png", mime: "image/png", bytes: 7 },
  ]);
  const [attachment] = rig.desk.messages.get("m_1")?.entry.body.attachments ?? [];
  assert.ok(attachment?.source.kind === "blob");
  assert.match(attachment.source.key, /^[0-9a-f]{32}\/x\.png$/);
});

test("a wait ends with the reply, and then answers 200", async (t) => {
  const rig = await openRig(t);
  const waiting = post(rig, { text: "hello" }, "?wait=30");
  while (rig.desk.messages.size === 0) await settle();
  rig.desk.answer("m_1", "hi there");
  const told = await waiting;
  assert.equal(told.status, 200);
  assert.deepEqual(messageOf(told)["reply"], { text: "hi there", files: ["out.pdf"] });
});

test("a message that is sent again after its end is that message, without a wait as accepted", async (t) => {
  const rig = await openRig(t);
  await post(rig, { text: "hello", id: "c" });
  rig.desk.answer("m_1", "hi");
  const [plain, waited] = [
    await post(rig, { text: "hello", id: "c" }),
    await post(rig, { text: "hello", id: "c" }, "?wait=1"),
  ];
  assert.deepEqual([plain.status, waited.status], [202, 200]);
  assert.deepEqual(messageOf(plain)["reply"], { text: "hi", files: ["out.pdf"] });
});

test("a wait that was too short answers 202, and an event that is missed is made up by a look", async (t) => {
  const rig = await openRig(t);
  const tooShort = post(rig, { text: "hello" }, "?wait=2s");
  while (rig.clock.pending === 0) await settle();
  await rig.clock.advance(2000);
  assert.equal((await tooShort).status, 202);

  const silent = post(rig, { text: "hello" }, "?wait=60");
  while (rig.clock.pending === 0) await settle();
  const stored = rig.desk.messages.get("m_2") ?? assert.fail();
  rig.desk.messages.set("m_2", { ...stored, entry: { ...stored.entry, state: "cancelled" } });
  await rig.clock.advance(1000);
  assert.equal((await silent).status, 200);
});

test("what can't be accepted says why, with its code", async (t) => {
  const rig = await openRig(t);
  const codeOf = async (body: unknown, query = ""): Promise<unknown> => {
    const { status, json } = await post(rig, body, query);
    return [status, json["code"], json["at"]].join(" ");
  };
  assert.equal(await codeOf({ text: "x", agent: "nobody" }), "404 agent-unknown agent");
  assert.equal(await codeOf({ text: "x", to: "slack/default/1" }), "400 address-unknown to");
  assert.equal(await codeOf({ text: "x", to: "12345" }), "400 address-unknown to");
  assert.equal(await codeOf({ text: "x" }, "?wait=61"), "400 request-malformed wait");
  assert.equal(await codeOf({ text: "x" }, "?wiat=1"), "400 request-malformed wiat");
  assert.equal(rig.desk.messages.size, 0);
  rig.desk.refuse = "queue-full";
  assert.equal(await codeOf({ text: "x" }), "429 queue-full ");
  rig.desk.refuse = null;
  rig.desk.reject = new RollcallError("draining");
  assert.equal(await codeOf({ text: "x" }), "503 draining ");
  rig.desk.reject = new RollcallError("store-full");
  assert.equal(await codeOf({ text: "x" }), "503 store-full ");
});

test("lists come newest first, in pages, by state and conversation", async (t) => {
  const rig = await openRig(t);
  for (const conversation of ["a", "b", "a", "b", "a"]) await post(rig, { text: "x", conversation });
  rig.desk.answer("m_3", "done");
  const list = async (query: string): Promise<{ ids: unknown[]; cursor: unknown }> => {
    const { json } = await rig.ask({ path: PATH + query });
    return { ids: (json["messages"] as { id: string }[]).map(({ id }) => id), cursor: json["cursor"] };
  };
  assert.deepEqual(await list(""), { ids: ["m_5", "m_4", "m_3", "m_2", "m_1"], cursor: null });
  assert.deepEqual((await list("?state=done,dead")).ids, ["m_3"]);
  assert.deepEqual((await list("?conversation=b")).ids, ["m_4", "m_2"]);
  assert.deepEqual((await list("?conversation=web/default/b")).ids, ["m_4", "m_2"]);
  const first = await list("?limit=2");
  assert.deepEqual(first.ids, ["m_5", "m_4"]);
  const second = await list(`?limit=2&cursor=${String(first.cursor)}`);
  assert.deepEqual(second.ids, ["m_3", "m_2"]);
  assert.deepEqual(await list(`?limit=2&cursor=${String(second.cursor)}`), { ids: ["m_1"], cursor: null });

  for (const bad of [
    "?state=finished",
    "?limit=0",
    "?limit=201",
    "?limit=1e2",
    "?cursor=nonsense",
    "?stat=done",
    "?limit=1&limit=2",
    "?conversation=a/b",
  ]) {
    assert.equal((await rig.ask({ path: PATH + bad })).status, 400, bad);
  }
});

test("one message is shown with its history", async (t) => {
  const rig = await openRig(t);
  await post(rig, { text: "x" });
  const told = await rig.ask({ path: `${PATH}/m_1` });
  assert.deepEqual(messageOf(told)["history"], [
    { at: "2026-01-01T00:00:00.000Z", event: "accepted", epoch: 1 },
  ]);
  const none = await rig.ask({ path: `${PATH}/m_9` });
  assert.deepEqual([none.status, none.json["code"]], [404, "no-such-id"]);
});

test("an operator cancels, retries, reruns and notifies", async (t) => {
  const rig = await openRig(t);
  await post(rig, { text: "x" });
  const act = async (path: string, body?: unknown): Promise<number> =>
    (await rig.ask({ method: "POST", path, body })).status;
  assert.equal(await act(`${PATH}/m_1/cancel`), 200);
  assert.equal(await act(`${PATH}/m_1/retry`, {}), 200);
  assert.equal(await act(`${PATH}/m_1/rerun`, { agent: "other" }), 202);
  assert.equal(await act(`${PATH}/m_1/rerun`, { agent: "nobody" }), 404);
  assert.equal(await act(`${PATH}/m_9/retry`), 404);
  assert.equal(await act("/api/v1/notify", { to: "telegram/default/1", text: "two\nlines", id: "n" }), 202);
  assert.equal(await act("/api/v1/notify", { to: "telegram/default/1", text: "more" }), 202);
  assert.equal(await act("/api/v1/notify", { to: "slack/default/1", text: "more" }), 400);
  assert.equal(await act("/api/v1/notify", { to: "telegram/default/1" }), 400);
  assert.deepEqual(rig.desk.did, [
    "cancel m_1",
    "retry m_1",
    "rerun:other m_1",
    "retry m_9",
    "notify telegram two\nlines notify:operator::n",
    "notify telegram more null",
  ]);
});

test("files of a message can be read back where the key says", async (t) => {
  const rig = await openRig(t, {});
  const data = Buffer.from("hello").toString("base64");
  await post(rig, { text: "x", attachments: [{ name: "a", mime: "text/plain", data }] });
  const [attachment] = rig.desk.messages.get("m_1")?.entry.body.attachments ?? [];
  assert.ok(attachment?.source.kind === "blob");
  assert.equal(await readFile(rig.blobs.path(attachment.source.key), "utf8"), "hello");
});
