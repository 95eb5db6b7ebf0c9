// The step tables are what the store lets happen. A state that can't reach an end is a message that hangs for ever.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DELIVERY_STATES, DELIVERY_STEPS } from "../../../src/core/delivery.ts";
import { ENTRY_STATES, ENTRY_STEPS, WAITING_STATES, type EntryState } from "../../../src/core/entry.ts";

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
