import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FAILURE_TABLE, type Failure, type FailureClass } from "../../src/core/failure.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { decideSettlement, type FailureFacts } from "../../src/sessions/settle-failure.ts";
import { sampleAgent, sampleTurn } from "../fakes/samples.ts";

const facts = (
  failure: Partial<Failure> & Pick<Failure, "class">,
  change: Partial<FailureFacts> = {},
): FailureFacts => ({
  failure: { code: "harness-failed", detail: "seen", ...failure },
  started: false,
  turn: sampleTurn(),
  agent: sampleAgent(),
  stopReason: "cancel",
  now: 1000,
  random: 0,
  firstEntry: "m_1",
  ...change,
});

test("a fault of ours holds, and uses no attempt", () => {
  for (const kind of ["structural", "protocol"] as const) {
    const settled = decideSettlement(facts({ class: kind }));
    assert.deepEqual([settled.to, settled.usesAttempt, settled.text], ["held", false, null]);
  }
});

test("a wait is held until its end, whatever had begun", () => {
  for (const started of [false, true]) {
    const settled = decideSettlement(facts({ class: "wait", until: 9000 }, { started }));
    assert.deepEqual([settled.to, settled.usesAttempt, settled.at], ["held", false, 9000]);
  }
});

test("what had begun is left to the agent's rule, never to silence", () => {
  const begun = { started: true } as const;
  assert.equal(decideSettlement(facts({ class: "failed" }, begun)).to, "queued");
  const ask = decideSettlement(
    facts({ class: "failed" }, { ...begun, agent: sampleAgent({ onInterrupted: "ask" }) }),
  );
  assert.deepEqual([ask.to, ask.event], ["held", "asked"]);
  assert.match(ask.text ?? "", /\/retry m_1/);
});

test("a stop of the gateway or a newer message queues again and uses no attempt; a person's stop cancels", () => {
  for (const stopReason of ["drain", "interrupt"] as const) {
    const settled = decideSettlement(facts({ class: "cancelled" }, { stopReason, started: true }));
    assert.deepEqual([settled.to, settled.usesAttempt], ["queued", false]);
  }
  assert.equal(decideSettlement(facts({ class: "cancelled" })).to, "cancelled");
});

test("a deadline after work had begun ends the message, and says which and how long", () => {
  const settled = decideSettlement(facts({ class: "deadline", deadline: "toolIdle" }, { started: true }));
  assert.equal(settled.to, "dead");
  assert.match(settled.text ?? "", /a tool that it started was silent for too long \(30m\)/);
});

test("attempts end: after the last one the message is dead and its sender told", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(FAILURE_TABLE) as FailureClass[])),
      fc.boolean(),
      fc.nat(5),
      (kind, started, failures) => {
        const settled = decideSettlement(facts({ class: kind }, { started, turn: sampleTurn({ failures }) }));
        if (settled.to === "queued")
          assert.ok(failures + 1 < LIMITS.turnAttempts && settled.usesAttempt && settled.at > 1000);
        if (settled.to === "dead") assert.ok(settled.text !== null && settled.text.length > 20);
        assert.ok(!(settled.text ?? "").includes("seen"), "what the operator sees is not told to the sender");
      },
    ),
  );
});
