import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import type { HarnessEvent } from "../../src/ports/harness.ts";
import { createRig } from "../fakes/core-rig.ts";
import type { Script } from "../fakes/script-harness.ts";

/** The defaults of the configuration. */
const turn = { firstEvent: 60 * SECOND, idle: 2 * MINUTE, toolIdle: 30 * MINUTE, total: 4 * HOUR };
const TURNS = 20;
const place = (n: number) => ({
  address: { channel: "telegram", account: "default", conversation: `${n}` },
  sender: { id: `${n}`, name: "Ada" },
});

/** A tool runs without a word; `stopped` counts turns that were told to end. */
function silentTool(
  wait: (span: number, signal: AbortSignal) => Promise<void>,
  span: number,
  stopped: () => void,
): Script {
  return async function* (_prompt, signal): AsyncIterable<HarnessEvent> {
    yield { kind: "opened", id: "1", what: "tool", name: "Bash" };
    await wait(span, signal);
    if (signal.aborted) {
      stopped();
      yield { kind: "failed", failure: { class: "cancelled", code: "turn-interrupted", detail: "told to" } };
      return;
    }
    yield { kind: "closed", id: "1" };
    yield { kind: "final", text: "built", files: [], usage: null };
  };
}

async function play(span: number): Promise<{ killed: number; answered: number }> {
  const rig = await createRig({ agents: [{ turn }] });
  let killed = 0;
  const wait = (ms: number, signal: AbortSignal): Promise<void> =>
    rig.clock.sleep(ms, signal).catch(() => undefined);
  rig.harness("echo").script = silentTool(wait, span, () => (killed += 1));
  for (let n = 0; n < TURNS; n++) await rig.say("build it", place(n));
  await rig.run(span + MINUTE);
  const answered = rig.texts().filter((text) => text === "built").length;
  await rig.stop();
  return { killed, answered };
}

test("a tool that is silent for ten minutes is a tool at work: its turn lives", async (t) => {
  const { killed, answered } = await play(10 * MINUTE);
  assert.deepEqual([killed, answered], [0, TURNS]);
  t.diagnostic(`killed ${killed} of ${TURNS}; answered ${answered}`);
});

test("past toolIdle it isn't: the turn is stopped, and the sender told which deadline passed", async () => {
  const { killed, answered } = await play(31 * MINUTE);
  assert.deepEqual([killed, answered], [TURNS, 0]);
});
