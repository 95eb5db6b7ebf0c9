import assert from "node:assert/strict";
import { test } from "node:test";
import { SECOND } from "../../src/core/time.ts";
import { HarnessFailed } from "../../src/ports/harness.ts";
import { promptAndRead } from "./harness-events.ts";
import { specOf, type HarnessPart, type HarnessRig, type HarnessSubject } from "./harness-subject.ts";
import { transcriptCases } from "./harness-transcript-cases.ts";

export { specOf, type HarnessPart, type HarnessRig, type HarnessSubject } from "./harness-subject.ts";

const never = new AbortController().signal;

/** What every harness owes to its lanes. */
export function harnessSuite(subject: HarnessSubject): void {
  const { prompts, without } = subject;
  const check = (
    what: string,
    parts: readonly HarnessPart[],
    run: (rig: HarnessRig) => Promise<void>,
    max = 4,
  ): void => {
    const skip = parts.flatMap((part) => without[part] ?? [])[0] ?? false;
    test(`${subject.name}: ${what}`, { skip }, async () => {
      const rig = await subject.rig(max);
      try {
        await run(rig);
      } finally {
        await rig.harness.close(2 * SECOND);
        assert.deepEqual(rig.living(), [], "no process outlives its harness");
        await rig.tidyUp();
      }
    });
  };

  check("proves itself up to its login", [], async ({ harness }) => {
    for (const level of ["L0", "L1", "L2"] as const) {
      const proof = await harness.probe("default", level, never);
      assert.ok(proof.ok, JSON.stringify(proof));
      assert.equal(proof.level, level);
    }
  });

  check("answers a prompt with text and exactly one last event", [], async ({ harness, workspace }) => {
    const session = await harness.open(specOf(workspace), never);
    const turn = await promptAndRead(session, prompts.plain.text);
    assert.match(turn.final?.text ?? "", prompts.plain.words);
    assert.match(turn.shown, prompts.plain.words);
    assert.equal(turn.events.filter(({ kind }) => kind === "final" || kind === "failed").length, 1);
    await session.release(false);
    assert.equal(harness.load().running, 0);
  });

  check("keeps a session's process warm, and its memory with it", ["processes", "memory"], async (rig) => {
    const first = await rig.harness.open(specOf(rig.workspace), never);
    await promptAndRead(first, prompts.plain.text);
    await first.release(false);
    assert.equal(rig.harness.load().idle, 1);
    const second = await rig.harness.open(specOf(rig.workspace, { resume: first.native }), never);
    assert.deepEqual(second.custody, first.custody);
    const turn = await promptAndRead(second, prompts.recall);
    assert.match(turn.final?.text ?? "", prompts.plain.words);
    await second.release(false);
  });

  check("goes on with a session in a new process", ["native sessions"], async ({ harness, workspace }) => {
    const first = await harness.open(specOf(workspace), never);
    await promptAndRead(first, prompts.plain.text);
    await first.release(true);
    const second = await harness.open(specOf(workspace, { resume: first.native }), never);
    assert.notDeepEqual(second.custody, first.custody);
    assert.equal(second.native, first.native);
    assert.equal(second.fresh, false);
    assert.match((await promptAndRead(second, prompts.recall)).final?.text ?? "", prompts.plain.words);
    await second.release(false);
  });

  check("begins a new session where the old one is gone, and says so", ["native sessions"], async (rig) => {
    const gone = "0f0e0d0c-0b0a-4908-8706-050403020100";
    const session = await rig.harness.open(specOf(rig.workspace, { resume: gone }), never);
    assert.equal(session.fresh, true);
    assert.notEqual(session.native, gone);
    assert.ok((await promptAndRead(session, prompts.plain.text)).final !== undefined);
    await session.release(false);
  });

  check(
    "doesn't mix two conversations of one session",
    ["native sessions"],
    async ({ harness, workspace }) => {
      const first = await harness.open(specOf(workspace), never);
      await promptAndRead(first, prompts.plain.text);
      await first.release(false);
      const second = await harness.open(specOf(workspace, { resume: null }), never);
      assert.notEqual(second.native, first.native);
      assert.doesNotMatch(
        (await promptAndRead(second, prompts.recall)).final?.text ?? "",
        prompts.plain.words,
      );
      await second.release(false);
    },
  );

  check("stops when it is told to, and can be used again", ["interrupt"], async ({ harness, workspace }) => {
    const session = await harness.open(specOf(workspace), never);
    const stop = new AbortController();
    const turn = await promptAndRead(session, prompts.slow, stop.signal, ({ kind }) => {
      if (kind === "text") stop.abort();
    });
    assert.equal(turn.failure?.class, "cancelled");
    assert.equal(turn.failure?.code, "turn-interrupted");
    await session.release(false);
    const again = await harness.open(specOf(workspace, { resume: session.native }), never);
    assert.ok((await promptAndRead(again, prompts.plain.text)).final !== undefined);
    await again.release(false);
  });

  check("prompts nothing when it was stopped before", [], async ({ harness, workspace }) => {
    const session = await harness.open(specOf(workspace), never);
    const turn = await promptAndRead(session, prompts.plain.text, AbortSignal.abort());
    assert.equal(turn.failure?.class, "cancelled");
    await session.release(false);
  });

  for (const failing of prompts.failing) {
    check(`says ${failing.code} (${failing.class}) for "${failing.text}"`, [], async (rig) => {
      const session = await rig.harness.open(specOf(rig.workspace), never);
      const { failure } = await promptAndRead(session, failing.text);
      assert.deepEqual(
        { class: failure?.class, code: failure?.code },
        { class: failing.class, code: failing.code },
      );
      assert.ok(failure !== undefined && failure.detail.length > 0 && failure.detail.length < 10_000);
      await session.release(true);
    });
  }

  check("has no words of an earlier turn in the next one", ["late words"], async ({ harness, workspace }) => {
    const first = await harness.open(specOf(workspace), never);
    assert.equal((await promptAndRead(first, prompts.late)).final?.text, "in time");
    await first.release(false);
    const second = await harness.open(specOf(workspace, { resume: first.native }), never);
    const turn = await promptAndRead(second, prompts.plain.text);
    assert.match(turn.final?.text ?? "", prompts.plain.words);
    assert.doesNotMatch(turn.shown, /late/);
    await second.release(false);
  });

  check(
    "makes whoever comes beyond its bound wait, in order, and refuses nobody",
    ["pool"],
    async ({ harness, workspace }) => {
      const a = await harness.open(specOf(workspace, { name: "a" }), never);
      const b = await harness.open(specOf(workspace, { name: "b" }), never);
      const order: string[] = [];
      const open = async (name: string, signal = never) => {
        const session = await harness.open(specOf(workspace, { name }), signal);
        order.push(name);
        return session;
      };
      const c = open("c");
      const impatient = new AbortController();
      const d = open("d", impatient.signal);
      const e = open("e");
      assert.deepEqual(harness.load(), { running: 2, idle: 0, waiting: 3, max: 2 });
      impatient.abort();
      await assert.rejects(
        d,
        (error) => error instanceof HarnessFailed && error.failure.class === "cancelled",
      );
      await b.release(false);
      await (await c).release(false);
      await (await e).release(true);
      assert.deepEqual(order, ["c", "e"]);
      await a.release(false);
    },
    2,
  );

  check("has one process for one session", ["processes"], async ({ harness, workspace }) => {
    const first = await harness.open(specOf(workspace), never);
    const second = harness.open(specOf(workspace), never);
    assert.equal(harness.load().waiting, 1);
    await first.release(false);
    assert.deepEqual((await second).custody, first.custody);
    await (await second).release(false);
  });

  transcriptCases(subject, check);

  check("opens nothing once it is closed", ["processes"], async ({ harness, workspace }) => {
    const held = await harness.open(specOf(workspace), never);
    await harness.close(SECOND);
    await assert.rejects(harness.open(specOf(workspace), never), HarnessFailed);
    await held.release(false);
  });
}
