import assert from "node:assert/strict";
import { test } from "node:test";
import { DELIVERY_STEPS } from "../../src/core/delivery.ts";
import { ENTRY_STEPS } from "../../src/core/entry.ts";
import { tableOf } from "./tables.ts";

const PAGE = "ARCHITECTURE.md";

function assertSteps(name: string, steps: Readonly<Record<string, readonly string[]>>): void {
  const written = tableOf(PAGE, name).map(
    ([from = "", to = ""]) => [from, to === "–" ? [] : to.split(", ")] as const,
  );
  assert.deepEqual(Object.fromEntries(written), steps);
}

test("ARCHITECTURE.md has the steps of entries and deliveries as the code has them", () => {
  assertSteps("entry steps", ENTRY_STEPS);
  assertSteps("delivery steps", DELIVERY_STEPS);
});
