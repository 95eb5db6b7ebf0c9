import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import type { Failure } from "../../src/core/failure.ts";
import { createAvailability } from "../../src/health/availability.ts";
import { buildGeneration } from "../../src/registry/build.ts";
import { createRegistry } from "../../src/registry/registry.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, noMetrics } from "../fakes/quiet.ts";
import { sampleAgent, sampleConfig } from "../fakes/samples.ts";
import { createScriptHarness } from "../fakes/script-harness.ts";

const gone: Failure = { class: "structural", code: "harness-missing", detail: "gone" };

function setUp(primary = "a/x", fallbacks: readonly string[] = []) {
  const clock = createFakeClock();
  const a = createScriptHarness("a");
  const b = createScriptHarness("b");
  const config = sampleConfig({ agents: { list: [sampleAgent({ model: { primary, fallbacks } })] } });
  const plans = new Map(
    [a, b].map((harness) => [
      harness.id,
      { id: harness.id, kind: "", effectiveConfig: "", create: () => harness },
    ]),
  );
  const roster = createRegistry(
    buildGeneration({ number: 1, config, plans, open: (plan) => plan.create({} as never) }),
  );
  const random = { next: () => 0, secret: () => "", uuid: () => "" };
  const availability = createAvailability({
    roster,
    clock,
    random,
    log: keepLog(),
    metrics: noMetrics,
    probeDeadline: 15 * SECOND,
  });
  const flips: string[] = [];
  availability.onChange((agent) => flips.push(agent));
  return { clock, a, b, availability, flips, state: () => availability.of("main")[0] };
}

test("unknown is failing, until the first probe answers", async () => {
  const { availability, state } = setUp();
  assert.equal(state()?.available, false);
  assert.equal(state()?.code, "harness-unproven");
  await availability.start();
  assert.equal(state()?.available, true);
  availability.stop();
});

test("a probe that hangs is a failure after its deadline", async () => {
  const { availability, a, clock, state } = setUp();
  a.probe = () => new Promise(() => {});
  const started = availability.start();
  await clock.advance(15 * SECOND);
  await started;
  assert.equal(state()?.code, "harness-deadline");
  availability.stop();
});

test("what goes missing is noticed within the light period, its return within the backoff", async () => {
  const { availability, a, clock, state, flips } = setUp();
  await availability.start();
  a.probes = gone;
  await clock.advance(2 * SECOND);
  assert.equal(state()?.code, "harness-missing");
  a.probes = null;
  await clock.advance(SECOND);
  assert.equal(state()?.available, true);
  assert.deepEqual(flips, ["main", "main", "main"]);
  availability.stop();
});

test("a definite fault closes at once, others after three within half a minute", async () => {
  const { availability, clock, state } = setUp();
  const candidate = { harness: "a", model: "x" };
  const failed: Failure = { class: "failed", code: "harness-failed", detail: "500" };
  await availability.start();
  availability.failed(candidate, failed);
  availability.failed(candidate, failed);
  assert.equal(state()?.available, true);
  await clock.advance(31 * SECOND);
  availability.failed(candidate, failed);
  assert.equal(state()?.available, true);
  availability.failed(candidate, failed);
  availability.failed(candidate, failed);
  assert.equal(state()?.available, false);
  availability.succeeded(candidate);
  assert.equal(state()?.available, true);
  assert.equal(state()?.level, "L3");
  availability.failed(candidate, gone);
  assert.equal(state()?.available, false);
  availability.stop();
});

test("a limit closes every candidate of its credential until its end, whatever probes say", async () => {
  const { availability, clock } = setUp("a/x", ["a/y", "b/z"]);
  await availability.start();
  const until = clock.now() + 10 * MINUTE;
  availability.failed(
    { harness: "a", model: "x" },
    { class: "wait", code: "harness-limit", detail: "429", until },
  );
  const open = () => availability.of("main").map(({ available }) => available);
  assert.deepEqual(open(), [false, false, true]);
  await clock.advance(9 * MINUTE);
  assert.deepEqual(open(), [false, false, true]);
  await clock.advance(2 * MINUTE);
  assert.deepEqual(open(), [true, true, true]);
  availability.stop();
});

test("a model that only turns can tell is bad is tried ever more seldom", async () => {
  const { availability, clock, state } = setUp();
  const candidate = { harness: "a", model: "x" };
  await availability.start();
  let tries = 0;
  for (let i = 0; i < 600; i++) {
    if (state()?.available === true) {
      tries += 1;
      availability.failed(candidate, { class: "structural", code: "harness-model", detail: "404" });
    }
    await clock.advance(SECOND);
  }
  assert.ok(tries > 3 && tries < 40, `${tries} tries in ten minutes`);
  availability.stop();
});

test("nothing is left waiting after a stop", async () => {
  const { availability, clock } = setUp("a/x", ["b/y"]);
  await availability.start();
  availability.stop();
  assert.equal(clock.pending, 0);
});
