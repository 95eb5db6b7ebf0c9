import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type { Harness, HarnessSession, Transcript } from "../../src/ports/harness.ts";
import { promptAndRead } from "./harness-events.ts";
import { specOf, type HarnessPart, type HarnessRig, type HarnessSubject } from "./harness-subject.ts";

type Check = (what: string, parts: readonly HarnessPart[], run: (rig: HarnessRig) => Promise<void>) => void;

const never = new AbortController().signal;
/** Programs write their records some moments late. */
const WRITTEN_WITHIN = 500;

const markerOf = (turn: string): string => `[rollcall ${turn}]`;
const enveloped = (turn: string, text: string): string => `${markerOf(turn)}\nfrom: Ada\n---\n${text}`;

async function ask(
  { harness, workspace }: { readonly harness: Harness; readonly workspace: string },
  session: Pick<HarnessSession, "native">,
  turn: string,
): Promise<Transcript | undefined> {
  return harness.transcript?.(session.native ?? "", workspace, markerOf(turn));
}

/** What a record tells of turns, after nobody watched them any more. */
export function transcriptCases({ prompts }: HarnessSubject, check: Check): void {
  check("tells of a turn that was answered, with the text of its end", ["transcript"], async (rig) => {
    const session = await rig.harness.open(specOf(rig.workspace), never);
    const first = await promptAndRead(session, enveloped("t_1", prompts.plain.text));
    await promptAndRead(session, enveloped("t_2", prompts.recall));
    const told = await ask(rig, session, "t_1");
    assert.ok(told?.kind === "answered", JSON.stringify(told));
    assert.equal(told.text, first.final?.text);
    await session.release(false);
  });

  check(
    "knows nothing of a turn that it never had, or of a session that isn't there",
    ["transcript"],
    async (rig) => {
      const session = await rig.harness.open(specOf(rig.workspace), never);
      await promptAndRead(session, enveloped("t_1", prompts.plain.text));
      assert.deepEqual(await ask(rig, session, "t_10"), { kind: "absent" });
      assert.deepEqual(await ask(rig, session, "t"), { kind: "absent" });
      const gone = { native: "0f0e0d0c-0b0a-4908-8706-050403020100" };
      assert.deepEqual(await ask(rig, gone, "t_1"), { kind: "absent" });
      assert.deepEqual(await ask(rig, { native: "../../../etc/passwd" }, "t_1"), { kind: "absent" });
      await session.release(false);
    },
  );

  check(
    "tells that a session killed in mid-turn was prompted, and not answered",
    ["transcript", "processes"],
    async (rig) => {
      const session = await rig.harness.open(specOf(rig.workspace), never);
      await promptAndRead(session, enveloped("t_1", prompts.plain.text));
      let killed = false;
      const cut = await promptAndRead(session, enveloped("t_2", prompts.slow), never, async ({ kind }) => {
        if (kind !== "text" || killed) return;
        killed = true;
        await wait(WRITTEN_WITHIN);
        process.kill(session.custody?.pid ?? 0, "SIGKILL");
      });
      assert.equal(cut.final, undefined);
      await session.release(true);
      assert.equal((await ask(rig, session, "t_2"))?.kind, "prompted");
      assert.equal((await ask(rig, session, "t_1"))?.kind, "answered");
      const again = await rig.harness.open(specOf(rig.workspace, { resume: session.native }), never);
      const end = await promptAndRead(again, enveloped("t_2", prompts.plain.text));
      const told = await ask(rig, again, "t_2");
      assert.ok(told?.kind === "answered", "the last prompt with the marker counts");
      assert.equal(told.text, end.final?.text);
      await again.release(false);
    },
  );
  check("tells that a turn that was stopped was not answered", ["transcript", "interrupt"], async (rig) => {
    const session = await rig.harness.open(specOf(rig.workspace), never);
    const stop = new AbortController();
    await promptAndRead(session, enveloped("t_1", prompts.slow), stop.signal, ({ kind }) => {
      if (kind === "text") stop.abort();
    });
    assert.notEqual((await ask(rig, session, "t_1"))?.kind, "answered");
    await session.release(false);
  });
}
