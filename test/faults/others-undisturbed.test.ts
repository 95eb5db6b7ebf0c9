import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { startRig, until, type HarnessRig } from "./harness-rig.ts";

const MESSAGES = 200;

/** Asks the well agent again and again; returns the 99th percentile of an answer, in milliseconds. */
async function p99(rig: HarnessRig): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const begun = performance.now();
    const message = await rig.ask("well", `hello ${i}`);
    took.push(performance.now() - begun);
    assert.equal(message.state, "done");
  }
  return took.sort((a, b) => a - b)[Math.floor(MESSAGES * 0.99)] ?? 0;
}

test("while every candidate of an agent is out, only its own conversations wait", async (t) => {
  const rig = await startRig(t, [
    { id: "down", fallbacks: ["claude-cli/second", "claude-cli/third"] },
    { id: "well" },
  ]);
  // The well agent is served by its fallback, which needs no program.
  renameSync(rig.claude.command, `${rig.claude.command}.away`);
  await until(async () => (await fetch(`${rig.gateway.url}/readyz?agent=down`)).status === 503);
  const before = await p99(rig);
  const ids: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const { json } = await rig.gateway.api("/api/v1/messages", {
      body: { text: `held ${i}`, agent: "down", conversation: `c${i}` },
    });
    ids.push((json["message"] as { id: string }).id);
  }
  const during = await p99(rig);
  const { json } = await rig.gateway.api("/api/v1/status");
  assert.equal(json["held"], MESSAGES);
  assert.equal((await fetch(`${rig.gateway.url}/readyz?agent=well`)).status, 200);
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic(
    `p99 of the other agent: ${before.toFixed(1)} ms with nothing held, ${during.toFixed(1)} ms beside ${ids.length} held conversations`,
  );
});
