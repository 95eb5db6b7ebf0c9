import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NEXT_START_FINE } from "../../src/gateway/next-start.ts";
import { createReloadQueue } from "../../src/gateway/reload-queue.ts";
import { createReloadGate } from "../../src/gateway/reload-gate.ts";
import type { ReloadResult, Trigger } from "../../src/gateway/reload.ts";
import { createFakeClock, settle } from "../fakes/clock.ts";

/** A reload that the test ends when it likes. */
function stage() {
  const rounds: { trigger: Trigger; drop: readonly string[]; end: (handedOver?: Promise<void>) => void }[] =
    [];
  let busy = 0;
  const queue = createReloadQueue(async (trigger, drop) => {
    busy += 1;
    assert.equal(busy, 1, "one at a time");
    const { promise, resolve } = Promise.withResolvers<ReloadResult>();
    const generation = rounds.length + 2;
    rounds.push({
      trigger,
      drop,
      end(handedOver = Promise.resolve()) {
        busy -= 1;
        resolve({ outcome: { generation }, nextStart: NEXT_START_FINE, handedOver });
      },
    });
    return promise;
  });
  return { queue, rounds };
}

test("whoever asks while one is under way shares the next one", async () => {
  const { queue, rounds } = stage();
  queue.begin();
  const first = queue.reload("request");
  const others = [queue.reload("file"), queue.reload("request", ["a"]), queue.reload("request", ["b", "a"])];
  await settle();
  assert.equal(rounds.length, 1);
  rounds[0]?.end();
  assert.deepEqual(await first, { generation: 2 });
  await settle();
  assert.deepEqual([rounds[1]?.trigger, rounds[1]?.drop], ["request", ["a", "b"]]);
  rounds[1]?.end();
  assert.deepEqual(await Promise.all(others), [{ generation: 3 }, { generation: 3 }, { generation: 3 }]);
  assert.equal(rounds.length, 2);
});

test("what is asked for during the start is carried out after it; nothing is begun after the stop", async () => {
  const { queue, rounds } = stage();
  const early = queue.reload("signal");
  await settle();
  assert.equal(rounds.length, 0);
  queue.begin();
  await settle();
  rounds[0]?.end();
  await early;
  const running = queue.reload("request");
  await settle();
  const late = queue.reload("request");
  await settle();
  const stopped = queue.stop();
  await assert.rejects(late, { code: "draining" });
  await assert.rejects(queue.reload("request"), { code: "draining" });
  rounds[1]?.end();
  await running;
  await stopped;
});

test("the answer comes when it is decided, the next reload when pollers are handed over", async () => {
  const { queue, rounds } = stage();
  queue.begin();
  const handover = Promise.withResolvers<void>();
  const first = queue.reload("request");
  await settle();
  rounds[0]?.end(handover.promise);
  await first;
  void queue.reload("request");
  await settle();
  assert.equal(rounds.length, 1);
  handover.resolve();
  await settle();
  assert.equal(rounds.length, 2);
  rounds[1]?.end();
});

test("nothing is accepted while the gate is closed, nothing is lost, and the order stays", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("accept", "close", "turn" as const), { maxLength: 30 }),
      async (steps) => {
        const clock = createFakeClock();
        const gate = createReloadGate(clock);
        let alone = false;
        let inside = 0;
        const accepted: number[] = [];
        const intake = gate.guard({
          async accept(batch) {
            assert.equal(alone, false);
            inside += 1;
            await settle(1);
            inside -= 1;
            accepted.push(batch.items.length);
            return [];
          },
        });
        const work: Promise<unknown>[] = [];
        let sent = 0;
        let closing = Promise.resolve();
        for (const step of steps) {
          if (step === "accept") {
            const items = Array.from({ length: sent++ }, () => ({ kind: "ignored" as const, reason: "" }));
            work.push(intake.accept({ channel: "c", account: "a", items }));
          } else if (step === "close") {
            closing = closing.then(() =>
              gate.alone(1000, async () => {
                assert.equal(inside, 0);
                alone = true;
                await settle(1);
                alone = false;
              }),
            );
          } else await settle(1);
        }
        await Promise.all([...work, closing]);
        assert.deepEqual(
          accepted,
          accepted.toSorted((a, b) => a - b),
        );
        assert.equal(accepted.length, sent);
      },
    ),
    { numRuns: 60 },
  );
});

test("a store that hangs ends the reload, not the intake", async () => {
  const clock = createFakeClock();
  const gate = createReloadGate(clock);
  const stuck = Promise.withResolvers<readonly []>();
  const intake = gate.guard({ accept: () => stuck.promise });
  const first = intake.accept({ channel: "c", account: "a", items: [] });
  await settle();
  const closed = assert.rejects(
    gate.alone(5000, () => Promise.resolve()),
    { code: "store-io" },
  );
  await settle();
  await clock.advance(5000);
  await closed;
  stuck.resolve([]);
  await first;
  assert.equal(await gate.alone(5000, () => Promise.resolve("free")), "free");
});
