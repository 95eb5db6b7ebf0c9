import assert from "node:assert/strict";
import { test } from "node:test";
import { decideFailure, FAILURE_TABLE, type FailureClass } from "../../../src/core/failure.ts";

const CLASSES = Object.keys(FAILURE_TABLE) as FailureClass[];
const decide = (
  name: FailureClass,
  started: boolean,
  otherCandidate: boolean,
): ReturnType<typeof decideFailure> =>
  decideFailure({ class: name, code: "harness-failed", detail: "" }, { started, otherCandidate });

test("every class has a row for every case", () => {
  assert.equal(CLASSES.length, 7);
  for (const name of CLASSES)
    assert.deepEqual(Object.keys(FAILURE_TABLE[name]).toSorted(), ["last", "started", "untouched"]);
});

test("once something has started, no other candidate takes over in silence", () => {
  for (const name of CLASSES) {
    for (const other of [true, false])
      assert.notEqual(decide(name, true, other).next, "next-candidate", name);
  }
});

test("another candidate is tried only where there is one", () => {
  for (const name of CLASSES) assert.notEqual(decide(name, false, false).next, "next-candidate", name);
});

test("a fault of ours never uses up a message while nothing had started", () => {
  for (const name of ["structural", "protocol", "wait"] as const) {
    for (const other of [true, false]) {
      const row = decide(name, false, other);
      assert.equal(row.usesAttempt, false, name);
      assert.notEqual(row.next, "dead", name);
    }
  }
});

test("whatever is repeated for ever costs an attempt, or waits for something", () => {
  for (const name of CLASSES) {
    for (const row of Object.values(FAILURE_TABLE[name])) {
      if (row.next === "retry" || row.next === "interrupted") assert.ok(row.usesAttempt, name);
    }
  }
});

test("a wait uses no attempt, a refusal and a cancellation end the message", () => {
  assert.deepEqual(decide("wait", true, true), { next: "wait", usesAttempt: false });
  for (const started of [true, false]) {
    assert.equal(decide("refused", started, true).next, "answer");
    assert.equal(decide("cancelled", started, true).next, "cancel");
  }
});
