import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { createIntegrityWatch, SCAN_PACE } from "../../src/health/integrity.ts";
import type { Damage } from "../../src/ports/integrity.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, type LogLine } from "../fakes/quiet.ts";

/** A store whose look at everything takes so many slices. */
function bench(slices: number, known: readonly Damage[] = []) {
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const raised: string[] = [];
  const counted: string[] = [];
  const asked: number[] = [];
  const state = { fail: false };
  let tell: (damage: Damage) => void = () => {};
  const watch = createIntegrityWatch({
    clock,
    log: keepLog(lines),
    store: {
      async scan(rows) {
        if (state.fail) throw new TypeError("no store");
        asked.push(rows);
        return asked.length % slices === 0 ? { rows: 7, damages: 0 } : null;
      },
      onDamage(found) {
        tell = found;
        for (const damage of known) found(damage);
      },
    },
    metrics: {
      count: (name, labels = {}) => void counted.push(`${name} ${labels["part"]}`),
      gauge: () => {},
    },
    alerts: {
      raise({ code, subject, summary }) {
        raised.push(`${code} ${subject}: ${summary}`);
        return "i_1" as never;
      },
    },
  });
  return { clock, lines, raised, counted, asked, state, watch, tell: (damage: Damage) => tell(damage) };
}

const DAMAGE: Damage = { part: "entry", id: "m_1", detail: "it isn't what was written", setAside: true };

test("everything is looked at in slices with pauses between them, and anew after a rest", async () => {
  const { clock, asked, watch } = bench(3);
  watch.start();
  assert.equal(watch.last(), null);
  await clock.advance(1 * SECOND);
  assert.deepEqual(asked, [SCAN_PACE.rows, SCAN_PACE.rows, SCAN_PACE.rows]);
  assert.deepEqual([watch.last()?.rows, watch.last()?.took], [7, 2 * SCAN_PACE.pause]);
  await clock.advance(SCAN_PACE.rest + SECOND);
  assert.equal(asked.length, 6);
  watch.stop();
  assert.equal(clock.pending, 0);
});

test("a million messages with all that belongs to them are looked at within a day", () => {
  const rows = 5_000_000;
  assert.ok((rows / SCAN_PACE.rows) * SCAN_PACE.pause < 24 * 60 * MINUTE);
  assert.ok(SCAN_PACE.rows / (SCAN_PACE.pause / SECOND) <= 2000, "and never faster than others can bear");
});

test("each damage is logged, counted and raised; what the opening found before anything else", async () => {
  const { lines, raised, counted, watch, tell } = bench(1, [DAMAGE]);
  assert.equal(raised.length, 1);
  watch.start();
  tell({ part: "index", id: "keys", detail: "they disagree", setAside: false });
  assert.deepEqual(counted, ["store_damages_total entry", "store_damages_total index"]);
  assert.match(raised[0] ?? "", /^store-corrupt store\/content: .*entry m_1.*set aside/);
  assert.match(raised[1] ?? "", /^store-index store\/content: .*index keys.*So far in this run: 2/);
  assert.deepEqual(
    lines.filter(({ event }) => event === "store.damage").map(({ level }) => level),
    ["error", "error"],
  );
  watch.stop();
});

test("a look that fails is tried again, and says so", async () => {
  const { clock, lines, asked, state, watch } = bench(1);
  state.fail = true;
  watch.start();
  await clock.advance(6 * SECOND);
  assert.equal(lines.filter(({ event }) => event === "store.scan_failed").length, 2);
  state.fail = false;
  await clock.advance(6 * SECOND);
  assert.equal(asked.length, 1);
  watch.stop();
});
