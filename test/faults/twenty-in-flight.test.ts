// Twenty conversations in flight when the gateway ends, by a kill or by a stop that is too short for them.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startGateway, type Gateway } from "../gateway/program.ts";
import { prepareFlight, until, type Flight } from "./conversations.ts";

const IN_FLIGHT = 20;
const WORK = 3000;
const WITHIN = 5000;

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
      `recovered: adopted ${adopted}, resumed ${resumed}, rerun ${rerun}; reruns in all ${counted.reruns}`,
  );
  assert.ok(took < WITHIN, `${took} ms`);
  return next;
}

/** Answered and sent by the gateway that is gone. */
async function doneBefore(gateway: Gateway): Promise<number> {
  const { json } = await gateway.api("/api/v1/messages?limit=200");
  const ended = gateway.lines.filter(({ event }) => event === "message.done").length;
  return (json["messages"] as { state: string }[]).filter(({ state }) => state === "done").length - ended;
}

test("kill -9 with twenty conversations in flight: each gets its own answer, once, within 5 s of the next start", async (t) => {
  const flight = prepareFlight(t, { conversations: IN_FLIGHT, work: WORK });
  const gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  await gateway.kill();
  const next = await nextStart(t, flight, "kill -9");
  await next.stop();
});

test("SIGTERM with twenty conversations in flight and no time for them: the same", async (t) => {
  const flight = prepareFlight(t, { conversations: IN_FLIGHT, work: WORK });
  const gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  assert.equal(await gateway.stop(), 0);
  const next = await nextStart(t, flight, "SIGTERM");
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

test("intake is open within a second of a start that finds work in flight", async (t) => {
  const flight = prepareFlight(t, { conversations: IN_FLIGHT, work: WORK });
  const times: number[] = [];
  let gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  for (let kill = 0; kill < 2; kill += 1) {
    await gateway.kill();
    const begun = performance.now();
    gateway = await startGateway(t, flight.home);
    const listening = gateway.lines.find(({ event }) => event === "gateway.listening");
    times.push(Date.parse(String(listening?.["time"])) - (performance.timeOrigin + begun));
    const running = flight.claude.prompts().length;
    await until(() => flight.claude.prompts().length > running);
  }
  const worst = Math.max(...times);
  t.diagnostic(
    `spawn to intake, ${times.length} starts after a kill with ${IN_FLIGHT} in flight: at most ${worst | 0} ms`,
  );
  assert.ok(worst < 1000, `${worst} ms`);
  await gateway.kill();
});
