import assert from "node:assert/strict";
import { test } from "node:test";
import { DELIVERY_STEPS } from "../../src/core/delivery.ts";
import { ENTRY_STEPS } from "../../src/core/entry.ts";
import {
  DELIVERY_STEP_TABLE,
  ENTRY_STEP_TABLE,
  NOTE_EVENTS,
  TURN_STEP_TABLE,
  type Step,
} from "../../src/core/steps.ts";
import { TURN_STEPS } from "../../src/core/turn.ts";
import { files, read } from "../tidy/tree.ts";
import { refresh, tableOf } from "./tables.ts";

const PAGE = "ARCHITECTURE.md";
const STATES = "docs/states.md";

function assertSteps(name: string, steps: Readonly<Record<string, readonly string[]>>): void {
  const rows = Object.entries(steps).map(([from, to]) => [from, to.length === 0 ? "–" : to.join(", ")]);
  refresh(PAGE, name, rows, 1);
  assert.deepEqual(tableOf(PAGE, name), rows);
}

function assertOwners(name: string, table: readonly Step<string>[]): void {
  const rows = table.map(({ from, to, event, by, fence }) => [from ?? "–", to, event, by, fence]);
  refresh(STATES, name, rows, 5);
  assert.deepEqual(tableOf(STATES, name), rows);
}

test("ARCHITECTURE.md has the steps of entries, turns and deliveries as the code has them", () => {
  assertSteps("entry steps", ENTRY_STEPS);
  assertSteps("turn steps", TURN_STEPS);
  assertSteps("delivery steps", DELIVERY_STEPS);
});

test("docs/states.md has every step with its owner as the code has them", () => {
  assertOwners("entry owners", ENTRY_STEP_TABLE);
  assertOwners("turn owners", TURN_STEP_TABLE);
  assertOwners("delivery owners", DELIVERY_STEP_TABLE);
  const notes = Object.entries(NOTE_EVENTS).map(([event, tells]) => [event, tells]);
  refresh(STATES, "notes", notes, 1);
  assert.deepEqual(tableOf(STATES, "notes"), notes);
});

test("every event that the code writes is in the tables", () => {
  const known = new Set(
    [...ENTRY_STEP_TABLE, ...TURN_STEP_TABLE, ...DELIVERY_STEP_TABLE].map(({ event }) => event),
  );
  for (const event of Object.keys(NOTE_EVENTS)) known.add(event);
  const written = ["src/inbox", "src/sessions", "src/outbox", "src/store/sqlite", "src/gateway"].flatMap(
    (folder) =>
      files(`${folder}/**/*.ts`).flatMap((file) =>
        [...read(file).matchAll(/\bevent: "([a-z-]+)"(?! \|)/g)].map(([, event = ""]) => `${file} ${event}`),
      ),
  );
  assert.ok(written.length > 10, `${written.length} events seen`);
  assert.deepEqual(
    written.filter((line) => !known.has(line.split(" ")[1] ?? "")),
    [],
  );
});
