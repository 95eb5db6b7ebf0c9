// Reloads under the real stages: turns, holds, removals, and any order of messages and swaps.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Failure } from "../../src/core/failure.ts";
import { candidatesFor } from "../../src/sessions/candidates.ts";
import { settle } from "../fakes/clock.ts";
import { reloadStage as stage, type Instance } from "../fakes/reload-rig.ts";
import { sampleConfig } from "../fakes/samples.ts";
import type { Script } from "../fakes/script-harness.ts";

/** Answers when it is let go, with a name of its own. */
function paused(name: string): { script: Script; go: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    go: resolve,
    async *script() {
      await promise;
      yield { kind: "final", text: name, files: [], usage: null };
    },
  };
}

const names = (name: string): Script =>
  async function* () {
    yield { kind: "final", text: name, files: [], usage: null };
  };
const on = (primary: string, ...fallbacks: string[]) => ({ model: { primary, fallbacks } });
const gone: Failure = { class: "structural", code: "harness-missing", detail: "gone" };

test("a running turn finishes on the instance that it began with, which is closed after it and not before", async () => {
  const { rig, reload, say, newest } = await stage([on("a/x")]);
  assert.deepEqual((await reload({ agents: [on("a/x")], harnesses: { a: "one" } })).outcome, {
    generation: 2,
  });
  const first = newest("a");
  const slow = paused("from one");
  first.script = slow.script;
  await say("slow");
  await rig.run();
  assert.equal(first.live.size, 1);
  await reload({ agents: [on("a/x")], harnesses: { a: "two" } });
  const second = newest("a");
  assert.notEqual(second, first);
  second.script = names("from two");
  assert.deepEqual([first.retired, first.closed], [true, false]);
  await say("quick", { conversation: "200" });
  await rig.run();
  assert.deepEqual(rig.texts(), ["from two"]);
  assert.equal(first.closed, false, "it still answers");
  slow.go();
  await rig.run();
  assert.deepEqual(rig.texts(), ["from two", "from one"]);
  assert.equal(first.closed, true);
  assert.equal(second.closed, false);
  await rig.stop();
});

test("an instance whose effective configuration is the same runs on across reloads", async () => {
  const { rig, reload, made } = await stage([on("a/x")]);
  for (let round = 0; round < 5; round++)
    await reload({ agents: [on("a/x"), { id: `n${round}`, ...on("a/y") }], harnesses: { a: "same" } });
  assert.equal(made.length, 1);
  assert.equal(made[0]?.closed, false);
  assert.equal(rig.roster.current().number, 6);
  await rig.stop();
});

test("a turn of the old generation goes to the old generation's fallback, though the new one has neither", async () => {
  const { rig, reload, say } = await stage([on("a/x", "b/y")]);
  const { promise, resolve } = Promise.withResolvers<void>();
  rig.harness("a").script = async function* () {
    await promise;
    yield { kind: "failed", failure: gone };
  };
  rig.harness("b").script = names("from the old fallback");
  await say("hello");
  await rig.run();
  await reload({ agents: [on("c/z")], harnesses: { c: "new" } });
  resolve();
  await rig.run();
  assert.deepEqual(
    rig.texts().map((text) => text.split("\n").at(-1)),
    ["from the old fallback"],
  );
  await rig.stop();
});

test("a turn that is claimed while the swap comes looks only at its own generation's candidates", async () => {
  const { rig, reload } = await stage([on("a/x", "b/y")]);
  const pin = rig.roster.pin();
  await reload({ agents: [on("c/z")], harnesses: { c: "new" } });
  const names = candidatesFor(rig.availability, pin.generation, "main").map(
    ({ candidate }) => candidate.harness,
  );
  assert.deepEqual(names, ["a", "b"]);
  assert.deepEqual(
    candidatesFor(rig.availability, rig.roster.current(), "main").map(({ candidate }) => candidate.harness),
    ["c"],
  );
  pin.release();
  await rig.stop();
});

test("a fault of the old instance closes nobody of the new one", async () => {
  const { rig, reload, say } = await stage([on("a/x")]);
  const { promise, resolve } = Promise.withResolvers<void>();
  rig.harness("a").script = async function* () {
    await promise;
    yield { kind: "failed", failure: gone };
  };
  await say("hello");
  await rig.run();
  await reload({ agents: [on("a/x")], harnesses: { a: "new" } });
  resolve();
  await rig.run();
  assert.equal(rig.availability.of("main")[0]?.available, true);
  assert.ok(!rig.log.some(({ event }) => event === "harness.unavailable"));
  await rig.run(5000);
  assert.deepEqual(rig.texts(), ["echo: hello"], "held for a moment, answered by the new one");
  await rig.stop();
});

test("a refused generation leaves no trace: its instances are closed, availability and answers are as before", async () => {
  const { rig, reload, say, newest } = await stage([on("a/x")], (instance) => {
    if (instance.key === "broken") instance.probes = gone;
  });
  const { outcome, nextStart } = await reload({ agents: [on("a/x")], harnesses: { a: "broken" } });
  assert.ok("refused" in outcome);
  assert.deepEqual(
    outcome.refused.map(({ code, detail }) => [code, detail]),
    [["agent-unavailable", "agent main is served now, and none of its new candidates is available"]],
  );
  assert.equal(nextStart.ok, true);
  assert.equal(newest("a").closed, true);
  assert.equal(rig.roster.current(), rig.generation);
  assert.equal(rig.availability.of("main")[0]?.available, true);
  assert.ok(!rig.log.some(({ event }) => event === "harness.unavailable"), "what never served is no outage");
  await say("hello");
  await rig.run();
  assert.deepEqual(rig.texts(), ["echo: hello"]);
  await rig.stop();
});

test("with unavailable: exit the same fault is what the next start would end with", async () => {
  const { rig, reload } = await stage([on("a/x")], (instance) => (instance.probes = gone));
  const { boot, ...gateway } = sampleConfig().gateway;
  const { nextStart } = await reload({
    agents: [on("a/x")],
    harnesses: { a: "broken" },
    config: { gateway: { ...gateway, boot: { ...boot, unavailable: "exit" } } },
  });
  assert.deepEqual([nextStart.ok, nextStart.code], [false, "agent-unavailable"]);
  await rig.stop();
});

test("what is held for an agent runs as soon as a reload gives it a candidate that works", async () => {
  const { rig, reload, say } = await stage([on("a/x"), { id: "other", ...on("b/y") }]);
  rig.harness("b").probes = gone;
  await rig.run(40_000);
  await say("for other", { agent: "other" });
  await rig.run();
  assert.equal((await rig.store.counts()).held, 1);
  // Its new candidate is one that was available all along.
  await reload({ agents: [on("a/x"), { id: "other", ...on("a/x") }], harnesses: { a: "one", b: "two" } });
  await rig.run();
  assert.deepEqual(
    rig.texts().filter((text) => text.startsWith("echo")),
    ["echo: for other"],
  );
  await rig.stop();
});

test("a dropped agent's running turn is answered, what waited for it is cancelled and told once", async () => {
  const { rig, reload, say } = await stage([on("a/x"), { id: "other", ...on("b/y") }]);
  const slow = paused("the last answer");
  rig.harness("b").script = slow.script;
  await say("running", { agent: "other", conversation: "7" });
  await rig.run();
  await say("waiting one", { agent: "other", conversation: "7" });
  await say("waiting two", { agent: "other", conversation: "7" });
  await rig.run();
  const next = { agents: [on("a/x")], harnesses: { a: "one" } };
  const refused = (await reload(next)).outcome;
  assert.ok(
    "refused" in refused && (refused.refused[0]?.detail ?? "").startsWith("3 messages wait for agent other"),
  );
  assert.deepEqual((await reload({ ...next, drop: ["other"] })).outcome, { generation: 2 });
  slow.go();
  await rig.run();
  const counts = await rig.store.counts();
  assert.deepEqual(
    [counts.done, counts.cancelled, counts.queued, counts.held, counts.running],
    [1, 2, 0, 0, 0],
  );
  const told = rig.texts();
  assert.equal(told.filter((text) => text.includes("taken out of service")).length, 1);
  assert.equal(told.filter((text) => text === "the last answer").length, 1);
  await rig.stop();
});

test("to drop an agent that stays is refused", async () => {
  const { rig, reload } = await stage([on("a/x")]);
  const { outcome } = await reload({ agents: [on("a/x")], harnesses: { a: "one" }, drop: ["main"] });
  assert.ok("refused" in outcome && outcome.refused[0]?.code === "state-conflict");
  await rig.stop();
});

test("any order of messages and reloads: all are answered once, each turn by its own generation's instance", async () => {
  let turns = 0;
  let swaps = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.record({ do: fc.constant("say" as const), to: fc.constantFrom("1", "2", "3") }),
          fc.record({ do: fc.constant("reload" as const), key: fc.constantFrom("one", "two", "three") }),
          fc.record({ do: fc.constant("run" as const) }),
        ),
        { minLength: 4, maxLength: 25 },
      ),
      async (steps) => {
        const live = new Map<string, number>();
        const byInstance: { readonly instance: Instance; readonly model: string }[] = [];
        const { rig, reload, say } = await stage([on("a/first")], (instance) => {
          instance.script = async function* (prompt, _signal, spec) {
            assert.equal(instance.closed, false, "no turn on a closed instance");
            assert.equal(spec.model, instance.key, "the model and the instance are of one generation");
            byInstance.push({ instance, model: spec.model });
            const now = (live.get(spec.session) ?? 0) + 1;
            assert.equal(now, 1, "one turn at a time in a session, over all instances");
            live.set(spec.session, now);
            await settle(2);
            live.set(spec.session, 0);
            yield { kind: "final", text: prompt.text, files: [], usage: null };
          };
        });
        await reload({ agents: [on("a/one")], harnesses: { a: "one" } });
        const work: Promise<unknown>[] = [];
        let said = 0;
        for (const step of steps) {
          if (step.do === "say") work.push(say(`m${said++}`, { conversation: step.to }));
          else if (step.do === "run") await settle(3);
          else {
            const { outcome } = await reload({ agents: [on(`a/${step.key}`)], harnesses: { a: step.key } });
            assert.ok("generation" in outcome);
            swaps += 1;
          }
        }
        await Promise.all(work);
        for (let round = 0; round < 30 && (await rig.store.counts()).done < said; round++)
          await rig.run(2000);
        const counts = await rig.store.counts();
        assert.deepEqual([counts.done, counts.dead, counts.cancelled], [said, 0, 0]);
        for (let n = 0; n < said; n++)
          assert.equal(rig.texts().filter((text) => new RegExp(`\\bm${n}\\b`).test(text)).length, 1, `m${n}`);
        turns += byInstance.length;
        await rig.stop();
      },
    ),
    { numRuns: 40 },
  );
  assert.ok(turns > 20 && swaps > 20, `${turns} turns and ${swaps} swaps were looked at`);
});
