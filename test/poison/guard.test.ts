import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mark, Suspect } from "../../src/ports/guard.ts";
import { blamedOf } from "../../src/poison/evidence.ts";
import { createGuard, type KnowingGuard } from "../../src/poison/guard.ts";
import { GATE_BOUNDS } from "../../src/poison/gate.ts";
import { createFakeClock, settle, type FakeClock } from "../fakes/clock.ts";
import { keepLog } from "../fakes/quiet.ts";

interface Bench {
  readonly guard: KnowingGuard;
  readonly clock: FakeClock;
  /** Marks that are there now. */
  readonly marks: Set<Mark>;
  readonly kept: Suspect[];
}

function bench(known: readonly Suspect[] = [], blamed: readonly string[] = []): Bench {
  const clock = createFakeClock();
  const marks = new Set<Mark>();
  const kept: Suspect[] = [];
  const guard = createGuard(
    {
      clock,
      log: keepLog([]),
      marks: {
        begin(mark) {
          marks.add(mark);
          return () => void marks.delete(mark);
        },
      },
      store: { suspects: async () => [], keepSuspects: async (some) => void kept.push(...some) },
    },
    known,
    blamed,
  );
  return { guard, clock, marks, kept };
}

const suspect = (subject: string, crashes: number): Suspect => ({ subject, step: "send", crashes, at: 0 });

test("work is marked while it goes on, and no longer, also when it fails", async () => {
  const { guard, marks } = bench();
  const going = Promise.withResolvers<void>();
  const work = guard.run("send", ["delivery:1"], () => going.promise);
  await settle();
  assert.deepEqual([...marks], [{ step: "send", subjects: ["delivery:1"] }]);
  going.reject(new TypeError("no"));
  await assert.rejects(work, /no/);
  assert.equal(marks.size, 0);
});

test("what was in work at two crashes runs alone, and is cleared when it survives", async () => {
  const { guard, marks, kept } = bench([suspect("delivery:1", 2)]);
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const beside = guard.run("send", ["delivery:0"], async () => {
    await first.promise;
    order.push("beside");
  });
  await settle();
  const alone = guard.run("send", ["delivery:1"], () => {
    order.push(`alone with ${marks.size}`);
  });
  const after = guard.run("plan", ["entry:9"], () => void order.push("after"));
  await settle();
  assert.deepEqual(order, [], "it waits for what goes on, and the next waits for it");
  first.resolve();
  await Promise.all([beside, alone, after]);
  assert.deepEqual(order, ["beside", "alone with 1", "after"]);
  assert.equal(guard.crashes("delivery:1"), 0);
  assert.deepEqual(kept, [{ ...suspect("delivery:1", 0) }]);
});

test("one crash suspects without waiting; another step of the same thing clears nothing", async () => {
  const { guard, kept } = bench([suspect("entry:1", 1)]);
  const going = Promise.withResolvers<void>();
  void guard.run("send", ["delivery:0"], () => going.promise);
  await guard.run("prompt", ["entry:1"], () => undefined);
  assert.equal(guard.crashes("entry:1"), 1);
  await guard.run("send", ["entry:1"], () => undefined);
  assert.equal(guard.crashes("entry:1"), 0);
  assert.equal(kept.length, 1);
  going.resolve();
});

test("neither what hangs beside a suspect nor a suspect that hangs stops the others for ever", async () => {
  const { guard, clock } = bench([suspect("delivery:1", 2)]);
  const done: string[] = [];
  const never = new Promise<void>(() => {});
  void guard.run("send", ["delivery:0"], () => never);
  await settle();
  void guard.run("send", ["delivery:1"], () => {
    done.push("suspect");
    return never;
  });
  void guard.run("send", ["delivery:2"], () => void done.push("other"));
  await clock.advance(GATE_BOUNDS.others);
  assert.deepEqual(done, ["suspect"]);
  await clock.advance(GATE_BOUNDS.held);
  assert.deepEqual(done, ["suspect", "other"]);
});

test("several suspects run one after another", async () => {
  const { guard } = bench([suspect("delivery:1", 2), suspect("delivery:2", 2)]);
  let working = 0;
  let most = 0;
  const run = (id: string): Promise<void> =>
    guard.run("send", [id], async () => {
      working += 1;
      most = Math.max(most, working);
      await settle();
      working -= 1;
    });
  await Promise.all([run("delivery:1"), run("delivery:2"), run("delivery:3")]);
  assert.equal(most, 1);
});

test("what ran beside the thing that is blamed is spared; without anything to blame nothing is", () => {
  const left: readonly Mark[] = [
    { step: "plan", subjects: ["entry:1"] },
    { step: "send", subjects: ["delivery:2"] },
    { step: "show", subjects: ["place:3"] },
  ];
  const known: readonly Suspect[] = [
    { ...suspect("entry:1", 2), step: "plan" },
    suspect("delivery:2", 1),
    { ...suspect("place:3", 5), step: "show" },
  ];
  assert.deepEqual(blamedOf(known, left), ["entry:1"]);
  const guard = bench(known, blamedOf(known, left)).guard;
  assert.deepEqual([guard.spares(["entry:9"]), guard.spares(["entry:9", "entry:1"])], [true, false]);
  assert.equal(bench(known).guard.spares(["entry:9"]), false);
});
