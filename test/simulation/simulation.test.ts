import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLog } from "../fakes/silent-log.ts";
import { MUTANTS } from "./mutants/list.ts";
import { mutated, sourceOf } from "./mutants/apply.ts";
import { FLAVOURS, planOf, type Plan } from "./plan.ts";
import { play } from "./play.ts";
import { runPlan } from "./run.ts";

/** A short look; `npm run simulate` plays any number. */
const SEEDS = 250;

describe("whole runs with faults", () => {
  it("keep every promise", async (t) => {
    const tally = await play({ from: 1, count: SEEDS });
    const { steps, messages, lives } = tally;
    t.diagnostic(`${SEEDS} seeds: ${messages} messages, ${lives} lives, ${steps} steps`);
    assert.deepEqual(tally.failures, []);
    assert.ok(lives > SEEDS, "no life ended");
  });

  it("repeat to the letter", async () => {
    for (const seed of [3, 17, 91]) {
      const [first, second] = [await playOnce(planOf(seed)), await playOnce(planOf(seed))];
      assert.deepEqual(first, second);
    }
  });

  it("draw at least twenty messages and five faults, on every kind of platform", () => {
    const plans = Array.from({ length: 200 }, (_, seed) => planOf(seed));
    assert.ok(plans.every(({ said }) => said.length >= 20));
    assert.ok(plans.every(({ faults }) => faults.length >= 5));
    assert.deepEqual(new Set(plans.map(({ flavour }) => flavour)), new Set(FLAVOURS));
  });
});

describe("defects", () => {
  it("have their place in the code, each once", () => {
    for (const mutant of MUTANTS) assert.notEqual(mutated(sourceOf(mutant), mutant), sourceOf(mutant));
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
    assert.ok(MUTANTS.length >= 30, `${MUTANTS.length} defects`);
  });
});

async function playOnce(plan: Plan): Promise<unknown> {
  const { reached, ...outcome } = await runPlan(plan, silentLog);
  return { ...outcome, reached: [...reached] };
}
