import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { backoffDelay } from "../../../src/core/backoff.ts";
import { BACKOFF } from "../../../src/core/limits.ts";
import { parseSize } from "../../../src/core/size.ts";
import { DAY, formatDuration, HOUR, MINUTE, parseDuration, SECOND, toIso } from "../../../src/core/time.ts";

test("durations are numbers with a unit, in milliseconds", () => {
  const units = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY } as const;
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
      (n, unit) => {
        assert.equal(parseDuration(`${n}${unit}`), n * units[unit]);
      },
    ),
  );
  assert.equal(parseDuration("1.5s"), 1500);
  assert.equal(parseDuration(" 15s "), 15_000);
});

test("what is no duration or size is undefined, never zero and never a guess", () => {
  for (const text of [
    "",
    "15",
    "s",
    "-1s",
    "1 s",
    "1S",
    "1w",
    "1e3s",
    "NaNs",
    "1s2",
    "0x1s",
    "constructor",
    "1constructor",
  ]) {
    assert.equal(parseDuration(text), undefined, text);
  }
  for (const text of ["", "8", "8MB", "8mib", "-8MiB", "8 MiB", "MiB", "1toString"]) {
    assert.equal(parseSize(text), undefined, text);
  }
});

test("sizes are numbers with a binary unit, in bytes", () => {
  assert.equal(parseSize("8MiB"), 8 * 1024 * 1024);
  assert.equal(parseSize("0.5KiB"), 512);
  assert.equal(parseSize("3B"), 3);
  assert.equal(parseSize("1GiB"), 1024 ** 3);
});

test("a duration for people has at most two units and reads back within the smaller one", () => {
  const units: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };
  fc.assert(
    fc.property(fc.nat(400 * DAY), (span) => {
      const parts = formatDuration(span).split(" ");
      assert.ok(parts.length >= 1 && parts.length <= 2, formatDuration(span));
      const back = parts.reduce((sum, p) => sum + (parseDuration(p) ?? Number.NaN), 0);
      const finest = units[/[a-z]+$/.exec(parts.at(-1) ?? "")?.[0] ?? ""] ?? 0;
      // Two units are kept, and the rest is cut: at most one of the unit before the smallest one shown.
      const coarse = parts.length === 2 ? finest : Math.max(finest, SECOND);
      assert.ok(Math.abs(back - span) <= coarse, `${span} → ${formatDuration(span)}`);
    }),
  );
  assert.equal(formatDuration(90 * SECOND), "1m 30s");
  assert.equal(formatDuration(250), "250ms");
  assert.equal(formatDuration(2 * DAY), "2d");
});

test("times on the wire are ISO 8601 in UTC", () => {
  assert.equal(toIso(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), "2026-01-02T03:04:05.006Z");
});

test("a delay is positive, bounded, and grows without its random part", () => {
  for (const backoff of Object.values(BACKOFF)) {
    fc.assert(
      fc.property(
        fc.integer({ min: -3, max: 5000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const delay = backoffDelay(backoff, attempt, random);
          assert.ok(Number.isInteger(delay));
          assert.ok(delay <= backoff.max, `${delay}`);
          assert.ok(delay >= Math.floor(backoff.first * (1 - backoff.jitter)), `${delay}`);
          assert.ok(backoffDelay(backoff, attempt + 1, random) >= delay);
        },
      ),
    );
    assert.equal(backoffDelay(backoff, 1, 0), backoff.first);
    assert.equal(backoffDelay(backoff, 1_000_000, 0), backoff.max);
  }
});
