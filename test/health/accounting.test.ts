import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ENTRY_STATES, type EntryState } from "../../src/core/entry.ts";
import { MINUTE } from "../../src/core/time.ts";
import { createAccounting, SLICE_ROWS } from "../../src/health/accounting.ts";
import { differenceOf, imbalancesOf } from "../../src/health/accounting-equations.ts";
import type { Recount } from "../../src/ports/accounting.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, type LogLine } from "../fakes/quiet.ts";

const none = (): Record<EntryState, number> =>
  Object.fromEntries(ENTRY_STATES.map((state) => [state, 0])) as Record<EntryState, number>;

const balanced = fc
  .record({
    states: fc.array(fc.nat(1000), { minLength: ENTRY_STATES.length, maxLength: ENTRY_STATES.length }),
    purged: fc.nat(1000),
    duplicate: fc.nat(1000),
    ignored: fc.nat(1000),
    refused: fc.nat(1000),
  })
  .map(({ states, purged, duplicate, ignored, refused }): Recount => {
    const rows = Object.fromEntries(ENTRY_STATES.map((state, n) => [state, states[n] ?? 0])) as Record<
      EntryState,
      number
    >;
    const accepted = states.reduce((sum, n) => sum + n, purged);
    const totals = {
      received: accepted + duplicate + ignored + refused,
      accepted,
      duplicate,
      ignored,
      refused,
    };
    return { rows, counters: { ...rows }, purged, totals };
  });

test("whatever was received, nothing is found while everything is accounted for", () => {
  fc.assert(
    fc.property(balanced, (recount) => {
      assert.deepEqual(imbalancesOf(recount), []);
    }),
  );
});

test("any one number that is off by anything is found", () => {
  const place = fc.oneof(
    fc.constantFrom("received", "accepted", "duplicate", "ignored", "refused", "purged"),
    fc.record({ of: fc.constantFrom("rows", "counters"), state: fc.constantFrom(...ENTRY_STATES) }),
  );
  fc.assert(
    fc.property(balanced, place, fc.integer({ min: -50, max: 50 }), (recount, at, by) => {
      fc.pre(by !== 0);
      const broken = breakOne(recount, at, by);
      assert.ok(differenceOf(imbalancesOf(broken)) >= Math.abs(by), JSON.stringify(imbalancesOf(broken)));
    }),
  );
});

function breakOne(recount: Recount, at: string | { of: string; state: EntryState }, by: number): Recount {
  if (at === "purged") return { ...recount, purged: recount.purged + by };
  if (typeof at === "string") {
    const key = at as keyof Recount["totals"];
    return { ...recount, totals: { ...recount.totals, [key]: recount.totals[key] + by } };
  }
  const part = at.of as "rows" | "counters";
  return { ...recount, [part]: { ...recount[part], [at.state]: recount[part][at.state] + by } };
}

/** A store whose recount takes so many slices, and comes out as the test says. */
function bench(slices = 1) {
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const alerts: string[] = [];
  const asked: number[] = [];
  const bench = {
    result: { rows: none(), counters: none(), purged: 0, totals: totals() } as Recount,
    fail: false,
  };
  const accounting = createAccounting({
    clock,
    log: keepLog(lines),
    store: {
      async recount(rows) {
        if (bench.fail) throw new TypeError("no store");
        asked.push(rows);
        return asked.length % slices === 0 ? bench.result : null;
      },
    },
    alerts: {
      raise: ({ code }) => {
        alerts.push(`raise ${code}`);
        return "i_1" as never;
      },
      resolve: (code) => void alerts.push(`resolve ${code}`),
    },
  });
  return { clock, lines, alerts, asked, accounting, bench };
}

function totals(): Recount["totals"] {
  return { received: 0, accepted: 0, duplicate: 0, ignored: 0, refused: 0 };
}

test("a recount goes on in slices with pauses between them, and begins anew a minute after its end", async () => {
  const { clock, asked, accounting } = bench(3);
  accounting.start();
  assert.equal(accounting.last(), null);
  await clock.advance(1000);
  assert.deepEqual(asked, [SLICE_ROWS, SLICE_ROWS, SLICE_ROWS]);
  assert.deepEqual([accounting.last()?.difference, accounting.last()?.took], [0, 40]);
  await clock.advance(MINUTE);
  assert.equal(asked.length, 6);
  accounting.stop();
  assert.equal(clock.pending, 0);
});

test("a difference is logged once with what it is, alerted, and said to be over", async () => {
  const { clock, lines, alerts, accounting, bench: set } = bench();
  accounting.start();
  await clock.advance(0);
  assert.equal(lines.length, 0);
  set.result = { ...set.result, rows: { ...none(), done: 1 } };
  await clock.advance(MINUTE);
  await clock.advance(MINUTE);
  assert.equal(accounting.last()?.difference, 2);
  const told = lines.filter(({ event }) => event === "accounting.difference");
  assert.equal(told.length, 1);
  assert.deepEqual(told[0]?.fields["imbalances"], [
    { what: "accepted", kept: 0, counted: 1 },
    { what: "done", kept: 0, counted: 1 },
  ]);
  set.result = { ...set.result, rows: none() };
  await clock.advance(MINUTE);
  assert.equal(accounting.last()?.difference, 0);
  assert.equal(lines.at(-1)?.event, "accounting.balanced");
  const last = alerts.filter((one, at) => one !== alerts[at - 1]);
  assert.deepEqual(last, [
    "resolve accounting-difference",
    "raise accounting-difference",
    "resolve accounting-difference",
  ]);
  accounting.stop();
});

test("a store that can't be asked is asked again, and what was found stays", async () => {
  const { clock, lines, accounting, bench: set } = bench();
  accounting.start();
  await clock.advance(0);
  set.fail = true;
  await clock.advance(MINUTE + 11_000);
  assert.equal(lines.filter(({ event }) => event === "accounting.failed").length, 3);
  assert.equal(accounting.last()?.difference, 0);
  accounting.stop();
  assert.equal(clock.pending, 0);
});
