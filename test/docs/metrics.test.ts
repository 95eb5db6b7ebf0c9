import assert from "node:assert/strict";
import { test } from "node:test";
import { METRICS, type MetricRow } from "../../src/platform/metric-list.ts";
import { refresh, tableOf } from "./tables.ts";

const PAGE = "docs/guides/health.md";

test("docs/guides/health.md has every metric as it is declared", () => {
  const rows = Object.entries<MetricRow>(METRICS).map(([name, { kind, labels, help }]) => [
    `\`rollcall_${name}\``,
    kind,
    labels.length === 0 ? "–" : labels.map((label) => `\`${label}\``).join(", "),
    help,
  ]);
  refresh(PAGE, "metrics", rows, 1);
  assert.deepEqual(
    tableOf(PAGE, "metrics").map((cells) => cells.slice(0, 4)),
    rows,
  );
});
