import assert from "node:assert/strict";
import { request, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { test } from "node:test";
import type { MessageId } from "../../src/core/ids.ts";
import type { GatewayEvent } from "../../src/ports/events.ts";
import { settle } from "../fakes/clock.ts";
import { TOKEN } from "./ask.ts";
import { openRig, type Rig } from "./rig.ts";

interface Stream {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  /** Everything up to the next text that holds `mark`. */
  until(mark: string): Promise<string>;
  readonly ended: Promise<void>;
}

async function openStream(rig: Rig, query = "", headers: OutgoingHttpHeaders = {}): Promise<Stream> {
  const sent = request({
    host: "127.0.0.1",
    port: rig.port,
    path: `/api/v1/events${query}`,
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
    agent: false,
  });
  sent.end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", reject);
  });
  let seen = "";
  let look = (): void => undefined;
  const ended = new Promise<void>((resolve) => response.once("close", resolve));
  response.on("error", () => response.destroy());
  const read = (chunk: Buffer): void => {
    seen += chunk.toString();
    look();
  };
  const until = (mark: string): Promise<string> =>
    new Promise((resolve) => {
      look = () => {
        if (!seen.includes(mark)) return;
        resolve(seen);
        seen = "";
        look = () => undefined;
      };
      response.off("data", read).on("data", read);
      look();
    });
  return { request: sent, response, until, ended };
}

const message = (
  id: string,
  state: "queued" | "done" = "queued",
  conversation = "web/default/main",
): GatewayEvent => ({
  type: "message",
  id: id as MessageId,
  conversation,
  state,
});

test("events come as they happen, each with its id and its data", async (t) => {
  const rig = await openRig(t);
  const stream = await openStream(rig);
  assert.equal(stream.response.statusCode, 200);
  assert.equal(stream.response.headers["content-type"], "text/event-stream; charset=utf-8");
  const place = (await stream.until("\n\n")).trim();
  assert.match(place, /^id: \S+-0$/);
  rig.events.publish(message("m_1"));
  const id = rig.events.latest();
  assert.equal(
    await stream.until("\n\n"),
    `id: ${id}\nevent: message\ndata: {"id":"m_1","conversation":"web/default/main","state":"queued"}\n\n`,
  );
  rig.events.publish({
    type: "progress",
    id: "m_1" as MessageId,
    conversation: "web/default/main",
    text: "one\ntwo",
    activity: null,
  });
  assert.match(
    await stream.until("\n\n"),
    /event: progress\ndata: \{"id":"m_1","conversation":"web\/default\/main","text":"one\\ntwo","activity":null\}\n\n$/,
  );
  rig.events.publish({ type: "status" });
  assert.match(await stream.until("\n\n"), /event: status\ndata: \{"status":"ready"\}\n\n$/);
  stream.request.destroy();
  await stream.ended;
});

test("a watcher goes on where it was, by header or query, and is told to start anew when that is gone", async (t) => {
  const rig = await openRig(t);
  rig.events.publish(message("m_1"));
  const place = rig.events.latest();
  rig.events.publish(message("m_2"));
  rig.events.publish(message("m_3"));
  for (const stream of [
    await openStream(rig, "", { "last-event-id": place }),
    await openStream(rig, `?lastEventId=${place}`),
  ]) {
    const text = await stream.until("m_3");
    assert.ok(text.includes("m_2") && !text.includes("m_1"));
    stream.request.destroy();
  }
  const lost = await openStream(rig, "", { "last-event-id": "an-earlier-process-7" });
  assert.equal(await lost.until("\n\n"), `id: ${rig.events.latest()}\nevent: reset\ndata: {}\n\n`);
  rig.events.publish(message("m_4"));
  assert.match(await lost.until("\n\n"), /m_4/);
  lost.request.destroy();
});

test("a watcher of one conversation sees that one, and the status", async (t) => {
  const rig = await openRig(t);
  const stream = await openStream(rig, "?conversation=notes");
  await stream.until("\n\n");
  rig.events.publish(message("m_1"));
  rig.events.publish(message("m_2", "queued", "web/default/notes"));
  rig.events.publish(message("m_3", "queued", "notes"));
  rig.events.publish({ type: "status" });
  const text = await stream.until("event: status");
  assert.ok(!text.includes("m_1") && text.includes("m_2") && text.includes("m_3"), text);
  stream.request.destroy();
});

test("silence is broken by heartbeats", async (t) => {
  const rig = await openRig(t);
  const stream = await openStream(rig);
  await stream.until("\n\n");
  while (rig.clock.pending === 0) await settle();
  await rig.clock.advance(15_000);
  assert.equal(await stream.until("\n\n"), ": heartbeat\n\n");
  stream.request.destroy();
});

test("a watcher whose token was revoked sees no more, busy or not", async (t) => {
  const rig = await openRig(t);
  const made = await rig.ask({ method: "POST", path: "/api/v1/tokens", body: { name: "phone" } });
  const stream = await openStream(rig, "", { authorization: `Bearer ${String(made.json["token"])}` });
  await stream.until("\n\n");
  while (rig.clock.pending === 0) await settle();
  const rest = new Promise<string>((resolve) => {
    let text = "";
    stream.response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve(text));
  });
  await rig.ask({ method: "DELETE", path: `/api/v1/tokens/${String(made.json["id"])}` });
  await rig.clock.advance(15_000);
  rig.events.publish(message("m_1"));
  assert.equal(await rest, ": heartbeat\n\n");
});

test("a watcher that takes nothing is dropped, and nothing is kept for it", async (t) => {
  const rig = await openRig(t);
  const stream = await openStream(rig);
  // Never read: the system's buffers fill, then ours says so, and the server waits.
  const text = "x".repeat(100_000);
  const full = (): boolean => rig.logged.some(({ event }) => event === "http.watcher_dropped");
  for (let i = 0; i < 200 && !full(); i++) {
    rig.events.publish({
      type: "progress",
      id: `m_${i}` as MessageId,
      conversation: "c",
      text,
      activity: null,
    });
  }
  for (let i = 0; i < 50 && !full(); i++) {
    await settle(20);
    await rig.clock.advance(30_000);
  }
  assert.ok(full());
  stream.response.resume();
  await stream.ended;
});

test("a client that goes away leaves nothing behind", async (t) => {
  const rig = await openRig(t);
  const stream = await openStream(rig);
  await stream.until("\n\n");
  while (rig.clock.pending === 0) await settle();
  stream.request.destroy();
  await stream.ended;
  while (rig.clock.pending > 0) await settle();
});

test("closing the server ends streams and waits at once, with the grace unused", async (t) => {
  const rig = await openRig(t);
  const stream = await openStream(rig);
  await stream.until("\n\n");
  const waiting = rig.ask({ method: "POST", path: "/api/v1/messages?wait=60", body: { text: "x" } });
  while (rig.clock.pending < 2) await settle();
  stream.response.resume();
  const [told] = await Promise.all([waiting, rig.http.close(60_000), stream.ended]);
  assert.equal(told.status, 202);
  assert.equal(rig.clock.pending, 0);
});
