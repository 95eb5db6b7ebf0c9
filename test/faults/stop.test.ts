// Stops in the middle of work: by one signal, by two, by two and a kill, and in the middle of a start.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHome, runProgram, startGateway } from "../gateway/program.ts";
import { assertAll, configureSlow, countAnswers, IN_FLIGHT, sendAll } from "./in-flight.ts";

test("SIGTERM with twenty in flight and time enough: all are answered before the end", async (t) => {
  const home = makeHome(t);
  configureSlow(home, "20s");
  const gateway = await startGateway(t, home);
  await sendAll(gateway);
  const begun = performance.now();
  assert.equal(await gateway.stop(), 0);
  const took = performance.now() - begun;
  const done = gateway.lines.filter(({ event }) => event === "message.done").length;
  assert.equal(done, IN_FLIGHT);
  const next = await startGateway(t, home);
  const counted = await countAnswers(next);
  assertAll(counted);
  assert.equal(next.lines.filter(({ event }) => event === "turn.started").length, 0, "nothing ran twice");
  t.diagnostic(
    `answered ${counted.once} of ${IN_FLIGHT} once, ${done} before the end of a stop of ${took | 0} ms`,
  );
  await next.stop();
});

test("SIGTERM with twenty in flight and too little time: all are answered after the next start", async (t) => {
  const home = makeHome(t);
  configureSlow(home, "500ms");
  const gateway = await startGateway(t, home);
  await sendAll(gateway);
  const begun = performance.now();
  assert.equal(await gateway.stop(), 0);
  const took = performance.now() - begun;
  const before = gateway.lines.filter(({ event }) => event === "message.done").length;
  const next = await startGateway(t, home);
  const counted = await countAnswers(next);
  assertAll(counted);
  t.diagnostic(
    `answered ${counted.once} of ${IN_FLIGHT} once, ${before} of them before the stop of ${took | 0} ms`,
  );
  await next.stop();
});

test("a grace that is longer than the supervisor's patience is cut to fit", async (t) => {
  const home = makeHome(t);
  configureSlow(home, "10m");
  const gateway = await startGateway(t, home, { env: { ROLLCALL_STOP_WITHIN: "2s" } });
  await sendAll(gateway);
  const begun = performance.now();
  assert.equal(await gateway.stop(), 0);
  const took = performance.now() - begun;
  const { total, grace } = await gateway.logged("gateway.draining");
  assert.deepEqual({ total, grace }, { total: 2000, grace: 0 });
  const next = await startGateway(t, home);
  assertAll(await countAnswers(next));
  t.diagnostic(`a grace of 10 min within 2000 ms: stopped after ${took | 0} ms, lost 0`);
  await next.stop();
});

test("SIGTERM twice, then SIGKILL, with twenty in flight: nothing is lost", async (t) => {
  const home = makeHome(t);
  configureSlow(home, "1m");
  const gateway = await startGateway(t, home);
  await sendAll(gateway);
  gateway.signal("SIGTERM");
  await gateway.logged("gateway.draining");
  gateway.signal("SIGTERM");
  const ended = await gateway.exited;
  gateway.signal("SIGKILL");
  assert.equal(ended.code, 1);
  assert.match(gateway.stderr(), /stopped at once by a second signal; nothing is lost/);
  const next = await startGateway(t, home);
  const counted = await countAnswers(next);
  assertAll(counted);
  t.diagnostic(`lost ${IN_FLIGHT - counted.kept}, answered ${counted.once} of ${IN_FLIGHT} once`);
  await next.stop();
});

test("SIGTERM, then SIGKILL in the grace: nothing is lost", async (t) => {
  const home = makeHome(t);
  configureSlow(home, "1m");
  const gateway = await startGateway(t, home);
  await sendAll(gateway);
  gateway.signal("SIGTERM");
  await gateway.logged("gateway.draining");
  await gateway.kill();
  const next = await startGateway(t, home);
  const counted = await countAnswers(next);
  assertAll(counted);
  t.diagnostic(`lost ${IN_FLIGHT - counted.kept}, answered ${counted.once} of ${IN_FLIGHT} once`);
  await next.stop();
});

test("SIGTERM in every phase of a start ends it well, and the next start is a plain one", async (t) => {
  const home = makeHome(t);
  configureSlow(home, "1s");
  const events = ["registry.sealed", "gateway.listening", "boot.phase", "gateway.recovered"];
  for (const event of events) {
    const program = runProgram(t, home, "start", { args: ["--port", "0"] });
    await program.logged(event);
    program.signal("SIGTERM");
    assert.equal((await program.exited).code, 0, `${event}: ${program.stderr()}`);
  }
  const next = await startGateway(t, home);
  await sendAll(next);
  assertAll(await countAnswers(next));
  t.diagnostic(`${events.length} of ${events.length} interrupted starts ended with 0`);
  await next.stop();
});
