// A harness that stands still: before its handshake, in the middle of a turn, and with a tree of its own.
import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { isAlive, startRig, until } from "./harness-rig.ts";

test("one that hangs when it is asked for its login is unavailable after the probe's deadline", async (t) => {
  const begun = performance.now();
  const rig = await startRig(t, [{ id: "main", fallbacks: [] }], {
    control: { authStatus: "hangs" },
    ready: false,
    gateway: { boot: { probeDeadline: "1s" } },
  });
  const took = Math.round(performance.now() - begun);
  const { code, level } = await rig.candidate("main");
  assert.equal(code, "harness-deadline");
  assert.notEqual(level, "L2");
  const { json } = await rig.gateway.api("/readyz");
  assert.deepEqual(
    (json["failing"] as { code: string }[]).map((one) => one.code),
    ["harness-deadline"],
  );
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic(`held ${took} ms after the start, with a probe deadline of 1 s (15 s unless set)`);
});

test("hangs in mid-turn end by the deadline that passed, tree and all, and the next candidate answers", async (t) => {
  const rig = await startRig(t, [{ id: "hang" }, { id: "deaf" }, { id: "stubborn" }, { id: "begun" }]);
  const seconds = await Promise.all(
    ["hang", "deaf", "stubborn"].map(async (id) => {
      const from = performance.now();
      const message = await rig.ask(id, `fake:${id}`);
      assert.equal(message.harness, "echo", id);
      assert.equal(rig.ends(id)[0]?.["code"], "harness-deadline");
      return `${id} ${((performance.now() - from) / 1000).toFixed(1)} s`;
    }),
  );
  const begun = await rig.ask("begun", "fake:tool fake:hang");
  assert.equal(begun.state, "dead", "once a tool ran nothing is repeated in silence");
  const pids = rig.claude.prompts().map(({ pid }) => pid);
  await until(() => pids.every((pid) => !isAlive(pid)));
  assert.equal(await rig.gateway.stop(), 0);
  t.diagnostic(`${seconds.join(", ")} (silence allowed: 1.5 s); trees left 0 of ${pids.length}`);
});

test("what a harness left in the background ends with it", async (t) => {
  const rig = await startRig(t, [{ id: "main" }]);
  const pids: number[] = [];
  for (let i = 0; i < 3; i++) pids.push(Number((await rig.ask("main", "fake:daemon")).reply?.text));
  assert.ok(pids.every(isAlive));
  const { json } = await rig.gateway.api("/api/v1/status");
  assert.equal(await rig.gateway.stop(), 0);
  const survivors = pids.filter(isAlive);
  for (const pid of survivors) process.kill(pid, "SIGKILL");
  const custody = String(json["custody"]);
  // A process that also cleans its environment leaves the marker behind: then only a namespace would hold it.
  if (custody !== "C0") assert.deepEqual(survivors, []);
  t.diagnostic(
    `custody ${custody}: survivors ${survivors.length} of ${pids.length} that had left the process group`,
  );
});
