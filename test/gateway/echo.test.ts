// The whole program with the echo harness, over its API: answers, restarts, kills.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { makeHome, replyOf, startGateway, type Gateway } from "./program.ts";

const send = (gateway: Gateway, body: object) => gateway.api("/api/v1/messages?wait=20", { body });

test("a message is answered over the API, and the same id is the same message", async (t) => {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  const gateway = await startGateway(t, home);
  const first = await send(gateway, { text: "hello", id: "one" });
  assert.equal(first.status, 200);
  assert.equal(replyOf(first.json), "hello");
  const again = await send(gateway, { text: "hello", id: "one" });
  assert.deepEqual(again.json["message"], first.json["message"]);
  assert.equal((await send(gateway, { text: "other", id: "one" })).status, 409);
  assert.equal((await send(gateway, { text: "hi", agent: "nobody" })).status, 404);
  assert.equal(await gateway.stop(), 0);
});

test("ready is said only after the seal, and only once everything can be served", async (t) => {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  const gateway = await startGateway(t, home);
  const events = gateway.lines.map(({ event }) => event);
  const order = ["registry.sealed", "gateway.listening", "gateway.ready"].map((event) =>
    events.indexOf(event),
  );
  assert.ok(order.every((at) => at >= 0));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  assert.equal((await gateway.api("/readyz")).status, 200);
  assert.equal((await gateway.api("/readyz?agent=main")).status, 200);
  await gateway.stop();
});

test("twenty in flight, killed: all twenty get their own answer once after the next start", async (t) => {
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    harnesses: { echo: { delay: "300ms" } },
  });
  const gateway = await startGateway(t, home);
  const names = Array.from({ length: 20 }, (_, i) => `c${i}`);
  await Promise.all(
    names.map((name) =>
      gateway.api("/api/v1/messages", {
        body: { text: `words of ${name} are five`, conversation: name, id: name },
      }),
    ),
  );
  await wait(300);
  await gateway.kill();
  const next = await startGateway(t, home);
  const answers = await Promise.all(
    names.map((name) => send(next, { text: `words of ${name} are five`, conversation: name, id: name })),
  );
  assert.deepEqual(
    answers.map(({ json }) => replyOf(json)),
    names.map((name) => `words of ${name} are five`),
  );
  const { json } = await next.api("/api/v1/messages?limit=200");
  assert.equal((json["messages"] as unknown[]).length, 20);
  await next.stop();
});

test("a stop in mid-turn gives running turns their grace, and loses nothing", async (t) => {
  const home = makeHome(t);
  home.configure({
    gateway: { drain: { grace: "200ms" } },
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    harnesses: { echo: { delay: "500ms" } },
  });
  const gateway = await startGateway(t, home);
  await gateway.api("/api/v1/messages", { body: { text: "one two three four", id: "x" } });
  await gateway.logged("turn.started");
  assert.equal(await gateway.stop(), 0);
  const next = await startGateway(t, home);
  assert.equal(
    replyOf((await send(next, { text: "one two three four", id: "x" })).json),
    "one two three four",
  );
  await next.stop();
});

test("a chat of a channel that isn't there, and nothing at all, are refused with the reason", async (t) => {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  const gateway = await startGateway(t, home);
  const notify = await gateway.api("/api/v1/notify", { body: { to: "telegram/default/1", text: "hi" } });
  assert.equal(notify.json["code"], "address-unknown");
  const empty = await gateway.api("/api/v1/messages", { body: { text: "  " } });
  assert.equal(empty.json["code"], "message-empty");
  await gateway.stop();
});

test("chat commands answer over the API too, without the agent", async (t) => {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  const gateway = await startGateway(t, home);
  const { json } = await send(gateway, { text: "/whoami" });
  assert.match(replyOf(json) ?? "", /role operator/);
  await gateway.stop();
});
