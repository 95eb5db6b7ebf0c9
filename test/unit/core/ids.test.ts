import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createIds } from "../../../src/core/ids.ts";

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const instant = fc.integer({ min: 0, max: 32 ** 9 - 2 });

test("ids sort by their time, whatever chance adds", () => {
  fc.assert(
    fc.property(instant, fc.integer({ min: 1, max: 10_000 }), random, random, (now, later, a, b) => {
      const first = createIds(
        () => now,
        () => a,
      ).message();
      const second = createIds(
        () => Math.min(32 ** 9 - 1, now + later),
        () => b,
      ).message();
      assert.ok(first < second, `${first} ${second}`);
    }),
  );
});

test("ids have one shape, and say what they name", () => {
  fc.assert(
    fc.property(instant, random, (now, chance) => {
      const ids = createIds(
        () => now,
        () => chance,
      );
      for (const [id, prefix] of [
        [ids.message(), "m"],
        [ids.turn(), "t"],
        [ids.delivery(), "d"],
        [ids.incident(), "i"],
      ] as const) {
        assert.match(id, new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{18}$`));
      }
    }),
  );
});

test("ids of one millisecond differ by chance alone", () => {
  let seed = 1;
  const chance = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const ids = createIds(() => 1, chance);
  const made = Array.from({ length: 1000 }, () => ids.turn());
  assert.equal(new Set(made).size, made.length);
});
