import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { MessageId } from "../../src/core/ids.ts";
import { createEvents, type EventRing } from "../../src/platform/events.ts";
import type { GatewayEvent } from "../../src/ports/events.ts";
import type { Random } from "../../src/ports/random.ts";
import { createFakeClock } from "../fakes/clock.ts";

let made = 0;
const random: Random = { next: () => 0.5, secret: () => `ring-${++made}`, uuid: () => "u" };
const open = (limit?: number, clock = createFakeClock()): EventRing =>
  createEvents({ clock, random, ...(limit !== undefined && { limit }) });
const message = (id: string, state: "queued" | "done" = "queued"): GatewayEvent => ({
  type: "message",
  id: id as MessageId,
  conversation: "c",
  state,
});
const progress = (id: string, text: string): GatewayEvent => ({
  type: "progress",
  id: id as MessageId,
  conversation: "c",
  text,
  activity: null,
});
const told = (events: EventRing, id: string): unknown =>
  events.since(id)?.map(({ event }) => (event.type === "status" ? "status" : `${event.type} ${event.id}`));

test("watchers get events in order from their subscription to its end", () => {
  const events = open();
  const seen: string[] = [];
  events.publish(message("m_0"));
  const end = events.subscribe((event, id) => seen.push(`${event.type} ${id === events.latest()}`));
  events.publish(message("m_1"));
  events.publish({ type: "status" });
  end();
  events.publish(message("m_2"));
  assert.deepEqual(seen, ["message true", "status true"]);
});

test("watchers of one message get its events alone, each of them until its own end", () => {
  const events = open();
  const seen: string[] = [];
  const note =
    (who: string) =>
    (event: GatewayEvent): void =>
      void seen.push(`${who} ${event.type}`);
  const ends = ["first", "second"].map((who) => events.subscribe(note(who), "m_1" as MessageId));
  events.publish(message("m_1"));
  events.publish(message("m_2"));
  events.publish({ type: "status" });
  ends[0]?.();
  events.publish(progress("m_1", "so far"));
  ends[1]?.();
  events.publish(message("m_1", "done"));
  const end = events.subscribe(note("late"), "m_1" as MessageId);
  // Ended twice: another subscription of the same message stays.
  ends[0]?.();
  events.publish(message("m_1", "done"));
  end();
  assert.deepEqual(seen, ["first message", "second message", "second progress", "late message"]);
});

test("a place tells what came after it", () => {
  const events = open();
  const start = events.latest();
  assert.deepEqual(told(events, start), []);
  events.publish(message("m_1"));
  const place = events.latest();
  events.publish({ type: "status" });
  assert.deepEqual(told(events, start), ["message m_1", "status"]);
  assert.deepEqual(told(events, place), ["status"]);
});

test("a place of another ring, of the future, or that is none is not known", () => {
  const events = open();
  const place = events.latest();
  const other = open();
  for (const id of [
    other.latest(),
    place.replace(/0$/, "1"),
    place.replace(/0$/, "-1"),
    place.replace(/0$/, ""),
    "",
    "0",
  ]) {
    assert.equal(events.since(id), undefined, id);
  }
});

test("beyond its room or its day the ring forgets, and says so", async () => {
  const clock = createFakeClock();
  const events = open(3, clock);
  const places = [events.latest()];
  for (let i = 1; i <= 5; i++) {
    events.publish(message(`m_${i}`));
    places.push(events.latest());
  }
  assert.equal(events.since(places[1] ?? ""), undefined);
  assert.deepEqual(told(events, places[2] ?? ""), ["message m_3", "message m_4", "message m_5"]);
  await clock.advance(24 * 3600_000 + 1);
  assert.equal(events.since(places[4] ?? ""), undefined);
  assert.deepEqual(told(events, places[5] ?? ""), []);
});

test("of a message's progress only the newest is kept, and none after its end", () => {
  const events = open();
  const start = events.latest();
  events.publish(progress("m_1", "a"));
  events.publish(progress("m_2", "b"));
  events.publish(progress("m_1", "aa"));
  assert.deepEqual(told(events, start), ["progress m_2", "progress m_1"]);
  events.publish(message("m_1", "done"));
  assert.deepEqual(told(events, start), ["progress m_2", "message m_1"]);
});

test("whoever follows from place to place misses no state, however events and limits fall", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("message" as const),
      id: fc.integer({ min: 0, max: 3 }),
      done: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant("progress" as const),
      id: fc.integer({ min: 0, max: 3 }),
      done: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("look" as const), id: fc.constant(0), done: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
      const events = open(limit);
      let place = events.latest();
      let missed: string[] = [];
      for (const [index, { kind, id, done }] of steps.entries()) {
        if (kind === "look") {
          const news = events.since(place)?.filter(({ event }) => event.type === "message");
          if (news !== undefined)
            assert.deepEqual(
              news.map(({ id }) => id),
              missed,
            );
          else assert.ok(missed.length > 0 || limit < 60);
          place = events.latest();
          missed = [];
        } else {
          events.publish(
            kind === "message"
              ? message(`m_${id}`, done ? "done" : "queued")
              : progress(`m_${id}`, `${index}`),
          );
          if (kind === "message") missed.push(events.latest());
        }
      }
    }),
    { numRuns: 500, seed: 7 },
  );
});
