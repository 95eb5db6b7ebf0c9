import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildGeneration,
  candidatesOf,
  declaredHarnesses,
  unregisteredLine,
} from "../../src/registry/build.ts";
import { createRegistry } from "../../src/registry/registry.ts";
import { verifyGeneration } from "../../src/registry/verify.ts";
import { sampleAgent, sampleConfig } from "../fakes/samples.ts";
import { createScriptHarness } from "../fakes/script-harness.ts";

const config = sampleConfig({
  harnesses: { spare: { kind: "echo", options: {} } },
  agents: {
    list: [
      sampleAgent({ model: { primary: "a/x", fallbacks: ["a/y", "b/z", "a/x"] } }),
      sampleAgent({ id: "two", model: { primary: "b/z", fallbacks: [] } }),
    ],
  },
});
const generationOf = (ids: readonly string[]) =>
  buildGeneration({
    number: 1,
    config,
    plans: new Map(
      ids.map((id) => [id, { id, kind: id, effectiveConfig: "", create: () => createScriptHarness(id) }]),
    ),
    open: (plan) => plan.create({} as never),
  });

test("what is listed and what a model names is declared, each once, with who needs it", () => {
  assert.deepEqual(
    declaredHarnesses(config).map(({ id, kind, agents }) => ({ id, kind, agents })),
    [
      { id: "spare", kind: "echo", agents: [] },
      { id: "a", kind: "a", agents: ["main"] },
      { id: "b", kind: "b", agents: ["main", "two"] },
    ],
  );
  assert.deepEqual(
    candidatesOf(config.agents.list[0]).map(({ model }) => model),
    ["x", "y", "z"],
  );
});

test("the line that the operator must read names the harness, the agents and what is registered", () => {
  assert.equal(
    unregisteredLine({ harness: "claude-cli", kind: "claude-cli", agents: ["main"] }, ["echo"]),
    '[gateway] CRITICAL: declared harness "claude-cli" is not registered (agent main); registered harnesses: [echo]',
  );
});

test("the second roll call finds nothing in a whole generation, and every name that is missing from another", () => {
  assert.deepEqual(verifyGeneration(config, generationOf(["spare", "a", "b"])), []);
  const problems = verifyGeneration(config, generationOf(["a"]));
  assert.ok(
    problems.some((problem) => problem.includes("b/z")) &&
      problems.some((problem) => problem.includes("spare")),
  );
});

test("what is held for is no problem, and hides none that is", () => {
  const held = verifyGeneration(config, generationOf(["spare", "a"]), ["b"]);
  assert.deepEqual(held, []);
  const other = verifyGeneration(config, generationOf(["a"]), ["b"]);
  assert.deepEqual(other, ["harness spare is declared and does not answer"]);
});

test("a generation doesn't change; publishing is one assignment", () => {
  const first = generationOf(["spare", "a", "b"]);
  const registry = createRegistry(first);
  assert.ok(Object.isFrozen(first));
  const pinned = registry.current();
  const second = { ...generationOf(["spare", "a", "b"]), number: 2 };
  registry.publish(second);
  assert.equal(pinned.number, 1);
  assert.equal(registry.current(), second);
});
