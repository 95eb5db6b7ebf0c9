import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createEventLines, readEvent, type RawEvent } from "../../ui/src/api/event-lines.ts";
import { openEventStream, type EventStream } from "../../ui/src/api/event-stream.ts";
import { createFakeClock, settle, type FakeClock } from "../fakes/clock.ts";

interface Connection {
  readonly lastId: string | null;
  readonly write: (text: string) => void;
  readonly end: () => void;
}

interface Gateway {
  readonly stream: EventStream;
  readonly clock: FakeClock;
  readonly connections: Connection[];
  readonly seen: string[];
  /** What the next connections get instead of a stream. */
  readonly answers: (Response | Error)[];
}

function start(answers: (Response | Error)[] = []): Gateway {
  const connections: Connection[] = [];
  const seen: string[] = [];
  const clock = createFakeClock();
  const fetchStream = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    if (answer !== undefined) return answer;
    let inner: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (inner = controller) });
    init?.signal?.addEventListener("abort", () => inner?.error(new DOMException("aborted", "AbortError")));
    connections.push({
      lastId: new Headers(init?.headers).get("last-event-id"),
      write: (text) => inner?.enqueue(new TextEncoder().encode(text)),
      end: () => inner?.close(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  };
  const stream = openEventStream({
    fetch: fetchStream,
    timers: { now: () => clock.now(), after: (ms, run) => clock.timer(ms, run) },
    onEvent: (event) => seen.push(event.type === "progress" ? `progress ${event.text}` : event.type),
    onOpen: (again) => seen.push(again ? "open again" : "open"),
    onLost: () => seen.push("lost"),
    onSignedOut: () => seen.push("signed out"),
  });
  return { stream, clock, connections, seen, answers };
}

void describe("lines of events", () => {
  void it("are the same however the stream is cut", () => {
    const text =
      'id: 1\nevent: message\ndata: {"a":1}\n\n: heartbeat\n\nid: 2\n\nevent: x\r\ndata: a\r\ndata: b\r\n\r\n';
    const whole: readonly RawEvent[] = [
      { id: "1", name: "message", data: '{"a":1}' },
      { id: "2", name: "message", data: "" },
      { id: null, name: "x", data: "a\nb" },
    ];
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const lines = createEventLines();
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const events = places.slice(1).flatMap((end, i) => lines(text.slice(places[i], end)));
        assert.deepEqual(events, whole);
      }),
    );
  });

  void it("mean something only where the page knows them", () => {
    const raw = (name: string, data: unknown): RawEvent => ({ id: null, name, data: JSON.stringify(data) });
    assert.deepEqual(readEvent(raw("progress", { id: "m_1", text: "a", activity: null })), {
      type: "progress",
      id: "m_1",
      text: "a",
      activity: null,
    });
    assert.equal(readEvent(raw("unheard-of", { id: "m_1" })), undefined);
    assert.equal(readEvent({ id: "4", name: "message", data: "" }), undefined);
    assert.deepEqual(readEvent({ id: null, name: "reset", data: "{}" }), { type: "reset" });
  });
});

void describe("the stream of events", () => {
  void it("goes on from the last event after a cut", async () => {
    const { stream, clock, connections, seen } = start();
    await settle();
    connections[0]?.write("id: e-7\n\n");
    connections[0]?.write('id: e-8\nevent: progress\ndata: {"id":"m_1","text":"so far"}\n\n');
    await settle();
    connections[0]?.end();
    await settle();
    await clock.advance(500);
    await settle();
    assert.deepEqual(seen, ["open", "progress so far", "lost", "open again"]);
    assert.deepEqual(
      connections.map(({ lastId }) => lastId),
      [null, "e-8"],
    );
    stream.close();
    await settle();
    assert.equal(clock.pending, 0);
  });

  void it("takes a silent connection for a dead one", async () => {
    const { stream, clock, connections, seen } = start();
    await settle();
    await clock.advance(30_000);
    connections[0]?.write(": heartbeat\n\n");
    await settle();
    await clock.advance(30_000);
    assert.deepEqual(seen, ["open"]);
    await clock.advance(15_000);
    await settle();
    assert.deepEqual(seen, ["open", "lost"]);
    stream.close();
    assert.equal(clock.pending, 0);
  });

  void it("lets a connection go that was silent while the machine slept", async () => {
    const { stream, clock, connections, seen } = start();
    await settle();
    clock.jump(30_000);
    stream.wake();
    await settle();
    assert.deepEqual(seen, ["open"]);
    clock.jump(30_000);
    stream.wake();
    await settle();
    assert.deepEqual(seen, ["open", "lost"]);
    stream.wake();
    await settle();
    assert.deepEqual([seen.at(-1), connections.length], ["open again", 2]);
    stream.close();
    await settle();
    assert.equal(clock.pending, 0);
  });

  void it("waits longer from try to try, and not at all when it is woken", async () => {
    const down = (): Error => new TypeError("fetch failed");
    const { stream, clock, seen, answers } = start([down(), down(), new Response("<html>", { status: 502 })]);
    await settle();
    await clock.advance(500);
    await settle();
    await clock.advance(999);
    assert.deepEqual(seen, ["lost", "lost"]);
    await clock.advance(1);
    await settle();
    assert.deepEqual([seen.length, answers.length], [3, 0]);
    stream.wake();
    await settle();
    assert.equal(seen.at(-1), "open");
    stream.wake();
    stream.close();
    await settle();
    assert.equal(clock.pending, 0);
  });

  void it("ends when nobody is signed in", async () => {
    const { clock, seen, stream } = start([new Response("{}", { status: 401 })]);
    await settle();
    assert.deepEqual([seen, clock.pending], [["signed out"], 0]);
    stream.close();
  });
});
