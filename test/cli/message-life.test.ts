import assert from "node:assert/strict";
import { test } from "node:test";
import { lifeRows } from "../../src/cli/message-life.ts";

const line = (at: string, event: string, more: Record<string, unknown> = {}) => ({
  at,
  event,
  epoch: 1,
  ...more,
});

test("a life is a timeline with the time between its steps and what is known of each", () => {
  const run = { turn: "t_1", attempt: 1, generation: 4 };
  const rows = lifeRows([
    line("2026-01-01T10:00:00.000Z", "accepted", { by: "token ci", replayOf: "m_0" }),
    line("2026-01-01T10:00:00.250Z", "claimed", run),
    line("2026-01-01T10:00:01.500Z", "prompted", { ...run, harness: "echo", model: "x" }),
    line("2026-01-02T10:01:02.000Z", "retry", { ...run, code: "harness-failed", detail: "500", tools: 2 }),
    line("2026-01-02T10:01:03.000Z", "sending", {
      epoch: 2,
      delivery: "reply:t_1:1",
      kind: "reply",
      part: 1,
      attempt: 1,
    }),
    line("2026-01-02T10:01:03.100Z", "sent", {
      epoch: 2,
      delivery: "reply:t_1:1",
      kind: "reply",
      part: 1,
      platformId: "77",
    }),
  ]);
  assert.deepEqual(rows, [
    ["2026-01-01 10:00:00.000", "", "accepted", "rerun of m_0 · by token ci"],
    ["10:00:00.250", "+250ms", "claimed", "try 1 · generation 4"],
    ["10:00:01.500", "+1.3s", "prompted", "echo/x · try 1 · generation 4"],
    ["2026-01-02 10:01:02.000", "+1d 1m", "retry", "try 1 · generation 4 · tools 2 · harness-failed · 500"],
    ["10:01:03.000", "+1.0s", "sending", "reply part 2 · try 1 · after a restart (2)"],
    ["10:01:03.100", "+100ms", "sent", "reply part 2 · as 77"],
  ]);
});

test("a clock that was set back shows, and changes nothing of the order", () => {
  const rows = lifeRows([
    line("2026-01-02T00:00:00.000Z", "accepted"),
    line("2026-01-01T00:00:00.000Z", "held", { code: "harness-missing", extra: { a: 1 } }),
  ]);
  assert.deepEqual(rows[1], [
    "2026-01-01 00:00:00.000",
    "clock set back 1d",
    "held",
    'harness-missing · extra={"a":1}',
  ]);
});
