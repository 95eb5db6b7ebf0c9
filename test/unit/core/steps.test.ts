// The step tables are what the store lets happen. A state that can't reach an end is a message that hangs for ever.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DELIVERY_STATES, DELIVERY_STEPS } from "../../../src/core/delivery.ts";
import {
  ENTRY_STATES,
  ENTRY_STEPS,
  entryStep,
  WAITING_STATES,
  type EntryState,
  type EntryStep,
} from "../../../src/core/entry.ts";
import {
  DELIVERY_STEP_TABLE,
  ENTRY_STEP_TABLE,
  TURN_STEP_TABLE,
  type Step,
} from "../../../src/core/steps.ts";
import { TURN_STATES, TURN_STEPS } from "../../../src/core/turn.ts";

/** States that can follow, one after another, without passing through `without`. */
function reachable<State extends string>(
  steps: Readonly<Record<State, readonly State[]>>,
  from: State,
  without: readonly State[] = [],
): Set<State> {
  const seen = new Set<State>(without);
  const queue: State[] = [from];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    queue.push(...steps[state]);
  }
  return seen;
}

const ENTRY_ENDS: readonly EntryState[] = ["done", "cancelled", "dead", "quarantined"];

test("every entry that waits can end well and badly, without an operator", () => {
  for (const state of WAITING_STATES) {
    assert.ok(reachable(ENTRY_STEPS, state, ["dead", "quarantined"]).has("done"), state);
    const ends = [...reachable(ENTRY_STEPS, state)].filter((s) => ENTRY_ENDS.includes(s));
    assert.ok(ends.includes("done"), state);
    assert.ok(ends.includes("dead"), state);
  }
  assert.ok(reachable(ENTRY_STEPS, "absorbed").has("done"));
});

test("what waits and what has ended are all that there is", () => {
  const all = [...WAITING_STATES, ...ENTRY_ENDS, "absorbed"];
  assert.deepEqual(all.toSorted(), [...ENTRY_STATES].toSorted());
});

test("every state of an entry comes from a queued one", () => {
  assert.deepEqual([...reachable(ENTRY_STEPS, "queued")].toSorted(), [...ENTRY_STATES].toSorted());
});

test("done and cancelled are for ever; dead and quarantined leave only by an operator, through the queue", () => {
  assert.deepEqual(ENTRY_STEPS.done, []);
  assert.deepEqual(ENTRY_STEPS.cancelled, []);
  assert.deepEqual(ENTRY_STEPS.dead, ["queued"]);
  assert.ok(ENTRY_STEPS.quarantined.every((s) => s === "queued" || s === "cancelled"));
});

test("an answer is never taken back: from answered nothing runs again", () => {
  assert.ok(ENTRY_STEPS.answered.every((s) => s === "done" || s === "dead"));
});

test("every open delivery can be sent, and can die", () => {
  for (const state of DELIVERY_STATES.filter((s) => s !== "sent" && s !== "dead")) {
    const ends = reachable(DELIVERY_STEPS, state);
    assert.ok(ends.has("sent") && ends.has("dead"), state);
  }
});

test("nothing is sent without an intent: only from sending or in doubt does a delivery become sent", () => {
  const before = DELIVERY_STATES.filter((s) => DELIVERY_STEPS[s].includes("sent"));
  assert.deepEqual(before, ["sending", "in-doubt"]);
  assert.deepEqual(DELIVERY_STEPS.sent, []);
});

test("no step leads to its own state, but held, whose reason may change", () => {
  for (const state of ENTRY_STATES) assert.equal(ENTRY_STEPS[state].includes(state), state === "held", state);
  for (const state of DELIVERY_STATES) assert.ok(!DELIVERY_STEPS[state].includes(state), state);
});

const TABLES: readonly (readonly [readonly Step<string>[], Readonly<Record<string, readonly string[]>>])[] = [
  [ENTRY_STEP_TABLE, ENTRY_STEPS],
  [TURN_STEP_TABLE, TURN_STEPS],
  [DELIVERY_STEP_TABLE, DELIVERY_STEPS],
];

test("every step that somebody owns is legal, and has one owner", () => {
  for (const [table, legal] of TABLES) {
    const owners = new Map<string, Set<string>>();
    for (const { from, to, event, by } of table) {
      if (from !== null) assert.ok(legal[from]?.includes(to), `${from} to ${to}`);
      const key = `${from ?? ""} ${to} ${event}`;
      owners.set(key, (owners.get(key) ?? new Set()).add(by));
    }
    for (const [key, by] of owners) {
      // What is held by a turn's attempt is its lane's, or recovery's when the lane's gateway is over.
      const others = [...by].filter((owner) => owner !== "recovery");
      assert.equal(by.has("recovery") ? 1 : others.length, 1, `${key}: ${[...by].join()}`);
    }
  }
});

test("every legal step has an owner, but those that nothing makes yet", () => {
  const unowned = TABLES.flatMap(([table, legal]) =>
    Object.entries(legal).flatMap(([from, tos]) =>
      tos
        .filter((to) => !table.some((step) => step.from === from && step.to === to))
        .map((to) => `${from} → ${to}`),
    ),
  );
  assert.deepEqual(
    unowned.filter((step) => !NOBODYS.includes(step)),
    [],
  );
});

/** Steering, and sending a dead delivery again: the tables leave room for them. */
const NOBODYS = [
  "queued → dead",
  "queued → absorbed",
  "absorbed → queued",
  "absorbed → done",
  "dead → ready",
];

test("a turn ends, and what is answered is over", () => {
  for (const state of TURN_STATES.filter((s) => s !== "answered"))
    assert.ok(reachable(TURN_STEPS, state).has("answered"), state);
  assert.deepEqual(TURN_STEPS.answered, []);
  assert.deepEqual(TURN_STEPS.ended, ["claimed"]);
});

test("only steps of the table can be made as a value, or as a type", () => {
  for (const from of ENTRY_STATES) {
    for (const to of ENTRY_STATES)
      assert.deepEqual(entryStep(from, to), ENTRY_STEPS[from].includes(to) ? { from, to } : null);
  }
  // @ts-expect-error -- an answer is never taken back
  const taken: EntryStep = { from: "answered", to: "queued" };
  // @ts-expect-error -- what is done is done
  const undone: EntryStep = { from: "done", to: "queued" };
  for (const { from, to } of [taken, undone]) assert.equal(entryStep(from, to), null);
});
