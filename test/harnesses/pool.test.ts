import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SECOND } from "../../src/core/time.ts";
import { createPool, type Lease, type Pool } from "../../src/harnesses/pool.ts";
import { nextPoolStep, type Place } from "../../src/harnesses/pool-policy.ts";
import { createFakeClock, settle } from "../fakes/clock.ts";
import { silentLog } from "../fakes/silent-log.ts";

const never = new AbortController().signal;

class FakeProcess {
  readonly key: string;
  readonly tag: string;
  readonly exited: Promise<string>;
  die: () => void = () => {};
  readonly #world: World;
  constructor(world: World, key: string, tag: string) {
    this.key = key;
    this.tag = tag;
    this.#world = world;
    this.exited = new Promise((resolve) => {
      this.die = () => resolve("died");
    });
  }
  async end(): Promise<void> {
    await settle(1);
    this.#world.live.delete(this);
    this.#world.ended.push(this.key);
  }
}

interface World {
  readonly live: Set<FakeProcess>;
  readonly ended: string[];
}

function createWorld(max: number) {
  const world: World = { live: new Set(), ended: [] };
  const clock = createFakeClock();
  const options = { max, idle: 60 * SECOND, grace: SECOND };
  const pool: Pool<FakeProcess> = createPool({ clock, log: silentLog }, options);
  const acquire = (key: string, tag = "", signal = never): Promise<Lease<FakeProcess>> =>
    pool.acquire(
      {
        key,
        fits: (process) => process.tag === tag,
        start: async () => {
          await settle(1);
          const process = new FakeProcess(world, key, tag);
          world.live.add(process);
          assert.ok(world.live.size <= max, "never more than the bound");
          assert.equal(
            [...world.live].filter((one) => one.key === key).length,
            1,
            "never two of one session",
          );
          return process;
        },
      },
      signal,
    );
  return { ...world, clock, pool, acquire };
}

test("at the bound the process that has been idle for longest makes room", async () => {
  const { acquire, ended } = createWorld(2);
  const a = await acquire("a");
  const b = await acquire("b");
  await b.release(false);
  await a.release(false);
  await acquire("c");
  assert.deepEqual(ended, ["b"]);
});

test("a process that doesn't fit is ended before its session gets another one", async () => {
  const { acquire, ended, live } = createWorld(2);
  const old = await acquire("a", "model one");
  await old.release(false);
  const fresh = await acquire("a", "model two");
  assert.notEqual(fresh.process, old.process);
  assert.deepEqual([ended, live.size], [["a"], 1]);
});

test("an idle process is ended after its time, and not while it works", async () => {
  const { acquire, ended, clock } = createWorld(2);
  const lease = await acquire("a");
  await clock.advance(1000 * SECOND);
  assert.deepEqual(ended, []);
  await lease.release(false);
  await clock.advance(59 * SECOND);
  const again = await acquire("a");
  await clock.advance(1000 * SECOND);
  assert.deepEqual(ended, []);
  await again.release(false);
  await clock.advance(61 * SECOND);
  assert.deepEqual([ended, clock.pending], [["a"], 0]);
});

test("a process that died is not given to anybody, whenever it died", async () => {
  const { acquire, pool } = createWorld(2);
  const idle = await acquire("a");
  await idle.release(false);
  idle.process.die();
  await settle();
  assert.equal(pool.load().idle, 0);
  const busy = await acquire("b");
  busy.process.die();
  await settle();
  await busy.release(false);
  assert.notEqual((await acquire("b")).process, busy.process);
});

test("a start that fails gives its place to the next in line", async () => {
  const { acquire, pool } = createWorld(1);
  const failing = pool.acquire(
    { key: "x", fits: () => true, start: () => Promise.reject(new TypeError("no")) },
    never,
  );
  const next = acquire("a");
  await assert.rejects(failing, TypeError);
  await (await next).release(false);
});

test("giving back twice changes nothing", async () => {
  const { acquire, pool } = createWorld(1);
  const lease = await acquire("a");
  await lease.release(false);
  const again = await acquire("a");
  await lease.release(true);
  assert.equal(pool.load().running, 1);
  await again.release(false);
});

test("closing ends all, and sends everybody away who waits", async () => {
  const { acquire, pool, live, clock } = createWorld(1);
  await acquire("a");
  const waiting = acquire("b");
  const refused = assert.rejects(waiting);
  await pool.close(SECOND);
  await refused;
  await assert.rejects(acquire("c"));
  assert.deepEqual([live.size, clock.pending], [0, 0]);
});

test("under any load: bounded, one per session, everybody is served", async () => {
  const job = fc.record({
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    tag: fc.constantFrom("", "", "other"),
    hold: fc.integer({ min: 0, max: 3 }),
    end: fc.constantFrom("keep", "keep", "break", "die", "leave"),
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(job, { maxLength: 25 }), async (max, jobs) => {
      const { acquire, pool, live } = createWorld(max);
      await Promise.all(
        jobs.map(async ({ key, tag, hold, end }) => {
          const leaving = new AbortController();
          const opening = acquire(key, tag, leaving.signal);
          if (end === "leave") leaving.abort();
          const lease = await opening.catch(() => undefined);
          if (lease === undefined) return assert.equal(end, "leave");
          await settle(hold);
          if (end === "die") lease.process.die();
          await lease.release(end === "break");
        }),
      );
      // What was broken is still ending.
      await settle();
      assert.deepEqual({ ...pool.load(), idle: 0 }, { running: 0, idle: 0, waiting: 0, max });
      await pool.close(SECOND);
      assert.equal(live.size, 0);
    }),
    { numRuns: 60 },
  );
});

test("the policy is never stuck: with room or an idle process, whoever comes first is helped", () => {
  const place = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    state: fc.constantFrom("starting", "busy", "idle", "ending"),
    idleSince: fc.nat(),
  }) as fc.Arbitrary<Place>;
  const places = fc.uniqueArray(place, { selector: ({ key }) => key });
  const waiting = fc.array(fc.record({ key: fc.constantFrom("x", "y", "z"), fits: fc.boolean() }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(places, waiting, fc.integer({ min: 1, max: 5 }), (all, line, max) => {
      const step = nextPoolStep(all, line, max);
      const room = all.length < max;
      if (room) assert.deepEqual(step, { do: "start", waiting: 0 });
      else if (step !== undefined)
        assert.equal(all.find(({ key }) => step.do === "end" && key === step.key)?.state, "idle");
      else
        assert.ok(
          all.filter(({ state }) => state === "ending").length > 0 ||
            all.every(({ state }) => state !== "idle"),
        );
    }),
  );
});
