// Twenty conversations in flight when the gateway ends, by a kill or by a stop that is too short for them.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startGateway, type Gateway } from "../gateway/program.ts";
import { prepareFlight, type Flight } from "./conversations.ts";

const IN_FLIGHT = 20;
const WORK = 3000;
/** What it takes on a machine with nothing else to do is printed; this is for one that is busy with other things. */
const PATIENCE = 20_000;

/** From the spawn of the next gateway to the last answer, with what it says of its start. */
async function nextStart(t: TestContext, flight: Flight, label: string): Promise<Gateway> {
  const begun = performance.now();
  const next = await startGateway(t, flight.home);
  await next.loggedTimes("message.done", IN_FLIGHT - (await doneBefore(next)));
  const took = performance.now() - begun;
  const counted = await flight.count(next);
  const { adopted, resumed, rerun } = await next.logged("gateway.recovered");
  assert.deepEqual([counted.answered, counted.double, counted.reached], [IN_FLIGHT, 0, IN_FLIGHT]);
  t.diagnostic(
    `${label}: answered ${counted.answered} of ${IN_FLIGHT} with their own words, double ${counted.double}, ` +
      `${(took / 1000).toFixed(1)} s from the next start to the last answer; ` +
      `recovered: adopted ${String(adopted)}, resumed ${String(resumed)}, rerun ${String(rerun)}; reruns in all ${counted.reruns}`,
  );
  assert.ok(took < PATIENCE, `${took} ms`);
  return next;
}

/** Answered and sent by the gateway that is gone. */
async function doneBefore(gateway: Gateway): Promise<number> {
  const { json } = await gateway.api("/api/v1/messages?limit=200");
  const ended = gateway.lines.filter(({ event }) => event === "message.done").length;
  return (json["messages"] as { state: string }[]).filter(({ state }) => state === "done").length - ended;
}

test("kill -9 with twenty conversations in flight: each gets its own answer, once, as fast as the harness answers", async (t) => {
  const flight = prepareFlight(t, { conversations: IN_FLIGHT, work: WORK });
  const gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  await gateway.kill();
  const next = await nextStart(t, flight, `kill -9, ${WORK} ms of work each`);
  await next.stop();
});

test("SIGTERM with twenty conversations in flight and no time for them: the same", async (t) => {
  const flight = prepareFlight(t, { conversations: IN_FLIGHT, work: WORK });
  const gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  assert.equal(await gateway.stop(), 0);
  const next = await nextStart(t, flight, `SIGTERM, ${WORK} ms of work each`);
  await next.stop();
});

test("a kill after their answers were written and before the gateway knew: all are adopted, none runs again", async (t) => {
  const act = "fake:once fake:recorded";
  const flight = prepareFlight(t, { conversations: IN_FLIGHT, work: 0, act });
  const gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  await gateway.kill();
  const prompts = flight.claude.prompts().length;
  const next = await nextStart(t, flight, "kill -9 after the answers were written");
  assert.equal(flight.claude.prompts().length, prompts);
  assert.equal((await next.logged("gateway.recovered"))["adopted"], IN_FLIGHT);
  await next.stop();
});

/** For a longer run: how many kills. */
const KILLS = Number(process.env["ROLLCALL_KILLS"] ?? 3);

/** From the spawn to the open port, in milliseconds. */
async function intakeAfter(t: TestContext, flight: Flight): Promise<number> {
  const begun = performance.timeOrigin + performance.now();
  const gateway = await startGateway(t, flight.home);
  const listening = gateway.lines.find(({ event }) => event === "gateway.listening");
  await gateway.kill();
  return Date.parse(String(listening?.["time"])) - begun;
}

test("intake doesn't wait for work that was in flight", async (t) => {
  const idle: number[] = [];
  const busy: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const flight = prepareFlight(t, { conversations: IN_FLIGHT, work: 10 * WORK });
    idle.push(await intakeAfter(t, flight));
    const gateway = await startGateway(t, flight.home);
    await flight.send(gateway);
    await gateway.kill();
    busy.push(await intakeAfter(t, flight));
  }
  const worst = (times: readonly number[]): number => Math.round(Math.max(...times));
  t.diagnostic(
    `spawn to intake over ${KILLS} kills with ${IN_FLIGHT} in flight: at most ${worst(busy)} ms; with nothing in flight ${worst(idle)} ms`,
  );
  // A bound on what the work adds, since how long a start takes is the machine's matter.
  assert.ok(worst(busy) - worst(idle) < 1000);
});
