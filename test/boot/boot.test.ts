import assert from "node:assert/strict";
import { test } from "node:test";
import { createBoot, PHASES, PhaseOrder, PhaseOverdue, StoppedWhileStarting } from "../../src/boot/boot.ts";
import { SECOND } from "../../src/core/time.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, type LogLine } from "../fakes/quiet.ts";

test("phases run in their order only, each with a line in the log", async () => {
  const lines: LogLine[] = [];
  const boot = createBoot(createFakeClock(), keepLog(lines));
  for (const phase of PHASES) await boot.phase(phase, SECOND, () => undefined);
  assert.deepEqual(
    lines.map(({ fields }) => fields["phase"]),
    [...PHASES],
  );
  const early = createBoot(createFakeClock(), keepLog());
  await assert.rejects(
    early.phase("listen", SECOND, () => undefined),
    PhaseOrder,
  );
});

test("listening comes after the seal", () => {
  assert.ok(PHASES.indexOf("seal") < PHASES.indexOf("listen"));
});

test("a phase that hangs ends the start, by its name", async () => {
  const clock = createFakeClock();
  const boot = createBoot(clock, keepLog());
  const hung = assert.rejects(
    boot.phase("config", 3 * SECOND, () => new Promise(() => {})),
    (error) => error instanceof PhaseOverdue && error.phase === "config",
  );
  await clock.advance(3 * SECOND);
  await hung;
});

test("what was begun is undone in reverse, also past an undoing that fails or hangs", async () => {
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const boot = createBoot(clock, keepLog(lines));
  const undone: string[] = [];
  boot.undo("first", SECOND, () => void undone.push("first"));
  boot.undo("hangs", SECOND, () => new Promise(() => {}));
  boot.undo("throws", SECOND, () => Promise.reject(new TypeError("no")));
  boot.undo("last", SECOND, () => void undone.push("last"));
  const unwound = boot.unwind();
  await clock.advance(2 * SECOND);
  await unwound;
  assert.deepEqual(undone, ["last", "first"]);
  assert.deepEqual(
    lines.map(({ fields }) => fields["step"]),
    ["throws", "hangs"],
  );
  await boot.unwind();
  assert.equal(undone.length, 2);
});

test("closing everything is bounded as a whole: each bound is cut in proportion", async () => {
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const boot = createBoot(clock, keepLog(lines));
  const ended: number[] = [];
  for (const name of ["store", "harnesses", "channels"])
    boot.undo(name, 10 * SECOND, () => new Promise(() => ended.push(clock.monotonic())));
  const unwound = boot.unwind(6 * SECOND);
  await clock.advance(6 * SECOND);
  await unwound;
  assert.deepEqual(ended, [0, 2 * SECOND, 4 * SECOND]);
  assert.equal(lines.filter(({ event }) => event === "boot.undo_failed").length, 3);
});

test("a stop ends the phase that runs, and no other begins", async () => {
  const stop = new AbortController();
  const boot = createBoot(createFakeClock(), keepLog(), stop.signal);
  await boot.phase("config", SECOND, () => undefined);
  const store = assert.rejects(
    boot.phase("store", SECOND, () => new Promise(() => {})),
    StoppedWhileStarting,
  );
  stop.abort();
  await store;
  await assert.rejects(
    boot.phase("plugins", SECOND, () => assert.fail("it began")),
    StoppedWhileStarting,
  );
});
