import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Failure } from "../../src/core/failure.ts";
import { MINUTE, SECOND } from "../../src/core/time.ts";
import { createAvailability } from "../../src/health/availability.ts";
import type { ProbeLevel } from "../../src/ports/harness.ts";
import { buildGeneration } from "../../src/registry/build.ts";
import { createRegistry } from "../../src/registry/registry.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog, noMetrics, type LogLine } from "../fakes/quiet.ts";
import { sampleAgent, sampleConfig } from "../fakes/samples.ts";
import { createScriptHarness, type ScriptHarness } from "../fakes/script-harness.ts";

const missing: Failure = { class: "structural", code: "harness-missing", detail: "gone" };
const login: Failure = { class: "structural", code: "harness-login", detail: "401" };

interface Probed extends ScriptHarness {
  readonly asked: { readonly model: string; readonly level: ProbeLevel }[];
  /** The file, and what fails from which level on. */
  file: boolean;
  fails: { readonly from: ProbeLevel; readonly failure: Failure } | null;
  changed: () => void;
  watching: boolean;
}

/** A harness with a file that is watched, and levels that fail one by one. */
function createProbed(id: string, credential = id): Probed {
  const base = createScriptHarness(id, credential) as Probed;
  return Object.assign(base, {
    asked: [],
    file: true,
    fails: null,
    changed: () => {},
    watching: false,
    watch(changed: () => void) {
      base.changed = changed;
      base.watching = true;
      return () => void (base.watching = false);
    },
    async probe(model: string, level: ProbeLevel) {
      base.asked.push({ model, level });
      await Promise.resolve();
      if (!base.file) return { ok: false as const, level: "L0" as const, failure: missing };
      const { fails } = base;
      if (fails !== null && level >= fails.from)
        return { ok: false as const, level: fails.from, failure: fails.failure };
      return { ok: true as const, level };
    },
  });
}

async function setUp(
  t: TestContext,
  primary: string,
  fallbacks: readonly string[],
  credentialOfB = "b",
  file = true,
) {
  const clock = createFakeClock();
  const a = Object.assign(createProbed("a"), { file });
  const b = createProbed("b", credentialOfB);
  const config = sampleConfig({ agents: { list: [sampleAgent({ model: { primary, fallbacks } })] } });
  const plans = new Map(
    [a, b].map((one) => [one.id, { id: one.id, kind: "", effectiveConfig: "", create: () => one }]),
  );
  const generation = buildGeneration({ number: 1, config, plans, open: (plan) => plan.create({} as never) });
  const log: LogLine[] = [];
  const paged: string[] = [];
  const availability = createAvailability({
    roster: createRegistry(generation),
    clock,
    random: { next: () => 0, secret: () => "", uuid: () => "" },
    log: keepLog(log),
    metrics: noMetrics,
    probeDeadline: 15 * SECOND,
  });
  availability.onPage((candidate) => paged.push(candidate.harness));
  const flips: string[] = [];
  availability.onChange((agent) => flips.push(agent));
  await availability.start();
  t.after(() => availability.stop());
  const open = (): readonly boolean[] => availability.of("main").map(({ available }) => available);
  return { clock, a, b, availability, generation, log, paged, flips, open };
}

const levels = (harness: Probed): readonly string[] => harness.asked.map(({ level }) => level);

test("candidates of one harness share their probes: one for all three, at every level below the turn", async (t) => {
  const { a, clock, open } = await setUp(t, "a/x", ["a/y", "a/z"]);
  assert.deepEqual(levels(a), ["L2"]);
  assert.deepEqual(open(), [true, true, true]);
  a.asked.length = 0;
  await clock.advance(5 * MINUTE);
  assert.equal(levels(a).filter((level) => level === "L2").length, 1);
  assert.equal(levels(a).filter((level) => level === "L0").length, 299);
});

test("a harness whose login check asks about the model is asked for each", async (t) => {
  const { a, clock, availability } = await setUp(t, "a/x", ["a/y"]);
  Object.assign(a, { modelLevel: "L2" });
  a.asked.length = 0;
  await clock.advance(5 * MINUTE);
  assert.deepEqual(
    a.asked.filter(({ level }) => level === "L2").map(({ model }) => model),
    ["x", "y"],
  );
  assert.equal(availability.of("main")[0]?.level, "L2");
});

test("a file that is gone for less than a second is an update, for a second it is missing", async (t) => {
  const { a, clock, open, flips } = await setUp(t, "a/x", []);
  await clock.advance(0.3 * SECOND);
  a.file = false;
  a.changed();
  await clock.advance(0.9 * SECOND);
  assert.deepEqual(open(), [true]);
  a.file = true;
  a.changed();
  await clock.advance(5 * SECOND);
  assert.deepEqual(flips, ["main"]);
  a.file = false;
  a.changed();
  await clock.advance(SECOND);
  assert.deepEqual(open(), [false]);
});

test("its return is noticed at once, however late the next try would have been", async (t) => {
  const { a, clock, open } = await setUp(t, "a/x", ["a/y"]);
  a.file = false;
  await clock.advance(10 * MINUTE);
  assert.deepEqual(open(), [false, false]);
  a.file = true;
  a.changed();
  await clock.advance(0);
  assert.deepEqual(open(), [true, true]);
});

test("a program that is missing from the start is there as soon as it comes", async (t) => {
  const { a, clock, open } = await setUp(t, "a/x", [], "b", false);
  await clock.advance(10 * SECOND);
  assert.deepEqual(open(), [false]);
  a.file = true;
  a.changed();
  await clock.advance(0);
  assert.deepEqual(open(), [true]);
});

test("a turn of a warm process doesn't bring back a program that is gone", async (t) => {
  const { a, clock, availability, open } = await setUp(t, "a/x", []);
  a.file = false;
  await clock.advance(3 * SECOND);
  availability.succeeded({ harness: "a", model: "x" });
  assert.deepEqual(open(), [false]);
});

test("a login lost in a turn takes out every candidate of its credential, and one try a time is made for all", async (t) => {
  const { a, b, clock, availability, open } = await setUp(t, "a/x", ["a/y", "b/z"], "a");
  a.fails = { from: "L3", failure: login };
  availability.failed({ harness: "a", model: "x" }, login);
  assert.deepEqual(open(), [false, false, false]);
  assert.equal(availability.of("main")[0]?.level, "L1");
  a.asked.length = 0;
  b.asked.length = 0;
  await clock.advance(31 * SECOND);
  const tries = [...a.asked, ...b.asked].filter(({ level }) => level === "L3");
  assert.deepEqual(new Set(tries.map(({ model }) => model)), new Set(["x"]));
  assert.ok(tries.length >= 4 && tries.length <= 6, `${tries.length} tries`);
  a.fails = null;
  await clock.advance(31 * SECOND);
  assert.deepEqual(open(), [true, true, true]);
});

test("a login that a probe finds lost says so, and heals by a probe", async (t) => {
  const { a, clock, availability, open } = await setUp(t, "a/x", ["a/y"]);
  a.fails = { from: "L2", failure: login };
  await clock.advance(5 * MINUTE);
  assert.deepEqual(
    availability.of("main").map(({ code }) => code),
    ["harness-login", "harness-login"],
  );
  a.fails = null;
  await clock.advance(31 * SECOND);
  assert.deepEqual(open(), [true, true]);
  assert.equal(availability.of("main")[0]?.level, "L2");
});

test("a model that doesn't exist concerns its candidate alone, and only a turn of a probe brings it back", async (t) => {
  const { a, clock, availability, open } = await setUp(t, "a/x", ["a/y"]);
  const unknown: Failure = { class: "structural", code: "harness-model", detail: "404" };
  a.fails = { from: "L3", failure: unknown };
  availability.failed({ harness: "a", model: "x" }, unknown);
  assert.deepEqual(open(), [false, true]);
  await clock.advance(10 * MINUTE);
  assert.deepEqual(open(), [false, true]);
  a.fails = null;
  await clock.advance(31 * SECOND);
  assert.deepEqual(open(), [true, true]);
});

test("a limit lasts by the clock that doesn't jump", async (t) => {
  const { clock, availability, open } = await setUp(t, "a/x", []);
  const until = clock.now() + 10 * MINUTE;
  availability.failed(
    { harness: "a", model: "x" },
    { class: "wait", code: "harness-limit", detail: "", until },
  );
  assert.equal(availability.of("main")[0]?.until, until);
  clock.jump(24 * 60 * MINUTE);
  await clock.advance(9 * MINUTE);
  assert.deepEqual(open(), [false]);
  clock.jump(-48 * 60 * MINUTE);
  await clock.advance(2 * MINUTE);
  assert.deepEqual(open(), [true]);
});

test("what flaps stays out, pages once, and comes back when a person asks for it", async (t) => {
  const { clock, availability, paged, log, open } = await setUp(t, "a/x", []);
  const candidate = { harness: "a", model: "x" };
  for (let i = 0; i < 6; i++) {
    availability.failed(candidate, { class: "protocol", code: "harness-protocol", detail: "?" });
    await clock.advance(45 * SECOND);
  }
  assert.deepEqual(open(), [false]);
  assert.deepEqual(paged, ["a"]);
  assert.equal(log.filter(({ event }) => event === "harness.flapping").length, 1);
  availability.retry("main");
  await clock.advance(0);
  assert.deepEqual(open(), [true]);
});

test("a harness that vanished from the registry is seen within a second, whatever was proven of it", async (t) => {
  const { generation, clock, availability, flips, open } = await setUp(t, "a/x", []);
  (generation.harnesses as Map<string, unknown>).delete("a");
  assert.deepEqual(open(), [false]);
  assert.equal(availability.of("main")[0]?.code, "harness-unregistered");
  await clock.advance(SECOND);
  assert.deepEqual(flips, ["main", "main"]);
});

test("nothing is watched or waited for after a stop", async (t) => {
  const { a, clock, availability } = await setUp(t, "a/x", []);
  a.file = false;
  a.changed();
  await clock.advance(0);
  assert.equal(a.watching, true);
  availability.stop();
  assert.equal(a.watching, false);
  assert.equal(clock.pending, 0);
});
