// The real program, killed while its harness works: what runs is ended, what had begun goes on, and nothing is lost.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { runProgram, startGateway, type Gateway } from "../gateway/program.ts";
import { noNotifySocket, openNotifySocket } from "../fakes/notify-socket.ts";
import { prepareFlight, until, type Flight, type FlightOptions } from "./conversations.ts";
import { isAlive } from "./harness-rig.ts";

/** Everything that lives in a home and is not the gateway: harness processes and their tools. */
function childrenOf(home: string, gateway: number): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== gateway && pid !== process.pid)
    .filter((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/environ`, "latin1");
        return text.includes(`HOME=${home}\0`) && text.includes("ROLLCALL_CUSTODY=") && isAlive(pid);
      } catch {
        return false; // it has ended
      }
    });
}

const noProc = existsProc() ? false : "no /proc here";
function existsProc(): boolean {
  return readdirSync("/").includes("proc") && readdirSync("/proc").includes("self");
}

/** Numbers that look random and are the same in each run. */
function drawn(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

test(
  "kill -9 at random moments of the work: nothing of it lives on, and each is answered once",
  { skip: noProc },
  async (t) => {
    const draw = drawn(4);
    const flight = prepareFlight(t, { conversations: 6, work: 0, act: "fake:shell=1500" });
    let survivors = 0;
    let ended = 0;
    let gateway = await startGateway(t, flight.home);
    await flight.send(gateway);
    for (let kill = 0; kill < 2; kill += 1) {
      await wait(draw() * 1200);
      await gateway.kill();
      const living = childrenOf(flight.home.dir, gateway.pid);
      ended += living.length;
      gateway = await startGateway(t, flight.home);
      await gateway.logged("gateway.recovered");
      survivors += living.filter(isAlive).length;
    }
    const counted = await flight.count(gateway);
    assert.deepEqual([counted.answered, counted.double, counted.reached], [6, 0, 6]);
    assert.equal(survivors, 0);
    const { json } = await gateway.api("/api/v1/status");
    assert.deepEqual(json["recovery"], { recovering: 0, survivors: 0 });
    t.diagnostic(
      `custody ${String(json["custody"])}: survivors ${survivors} of ${ended} processes; reruns ${counted.reruns}, answered ${counted.answered} of 6 once`,
    );
    await gateway.stop();
  },
);

test("killed between the claim and the spawn: it runs as if for the first time", async (t) => {
  const flight = inLine(t);
  const gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  await gateway.loggedTimes("turn.started", 2);
  await gateway.kill();
  const next = await startGateway(t, flight.home);
  const { rerun } = await next.logged("gateway.recovered");
  const { json } = await next.api("/api/v1/messages?limit=9");
  await flight.count(next);
  const second = flight.claude.prompts().filter(({ text }) => text.includes("words of c1"));
  const messages = json["messages"] as { conversation: string; repeats: number }[];
  assert.equal(messages.find(({ conversation }) => conversation === "c1")?.repeats, 0);
  assert.equal(second.length, 1);
  assert.doesNotMatch(second[0]?.text ?? "", /\ninterrupted: /);
  t.diagnostic(
    `prompts of the message that was claimed and no more: ${second.length}; run again ${String(rerun)} (uncounted)`,
  );
  await next.stop();
});

/** Two conversations, and a harness that serves one at a time. */
function inLine(t: TestContext): Flight {
  const flight = prepareFlight(t, { conversations: 2, work: 700, pool: 1 });
  return {
    ...flight,
    async send(gateway: Gateway) {
      const post = (name: string) =>
        gateway.api("/api/v1/messages", {
          body: { text: flight.wordsOf(name), conversation: name, id: name },
        });
      await post("c0");
      await until(() => flight.claude.prompts().length === 1);
      await post("c1");
    },
  };
}

test("killed in its recovery, ten times: the next start answers all, and no work was done again for it", async (t) => {
  const flight = prepareFlight(t, { conversations: 5, work: 400, act: "fake:once fake:shell=60000" });
  const gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  await gateway.kill();
  const points = ["registry.sealed", "gateway.listening", "turn.recovered"];
  for (let kill = 0; kill < 10; kill += 1) {
    const program = runProgram(t, flight.home, "start", { args: ["--port", "0"] });
    const point = kill < 9 ? (points[kill % 2] ?? "") : "turn.recovered";
    await program.logged(point);
    program.signal("SIGKILL");
    await program.exited;
  }
  const next = await startGateway(t, flight.home);
  const counted = await flight.count(next);
  assert.deepEqual([counted.answered, counted.double], [5, 0]);
  assert.equal(counted.reruns, 5);
  t.diagnostic(
    `after 10 kills in the recovery 1 start was needed: answered ${counted.answered} of 5 once, reruns ${counted.reruns}`,
  );
  await next.stop();
});

test("the harness dies in mid-turn and its record has the answer: adopted in the running gateway", async (t) => {
  const options: FlightOptions = { conversations: 3, work: 0, act: "fake:once fake:recordedexit" };
  const flight = prepareFlight(t, options);
  const gateway = await startGateway(t, flight.home);
  await flight.send(gateway);
  const counted = await flight.count(gateway);
  assert.deepEqual([counted.answered, counted.double, counted.reruns], [3, 0, 0]);
  assert.equal(flight.claude.prompts().length, 3);
  t.diagnostic(
    `answered ${counted.answered} of 3, reruns ${counted.reruns}, prompts ${flight.claude.prompts().length}`,
  );
  await gateway.stop();
});

const WATCHDOG = 1000;

test(
  "processes that are slow to end, under a watchdog that is quick to kill: no livelock",
  { skip: noNotifySocket ?? noProc },
  async (t) => {
    // Ending them takes two seconds and a kill, which is twice the watchdog's time.
    const flight = prepareFlight(t, { conversations: 3, work: 0, act: "fake:once fake:stubborn" });
    const gateway = await startGateway(t, flight.home);
    await flight.send(gateway);
    await gateway.kill();
    let restarts = 0;
    let next: Gateway | undefined;
    let answered = 0;
    for (; restarts < 5 && answered < 3; restarts += 1) {
      const socket = await openNotifySocket(t);
      const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: String(WATCHDOG * 1000) };
      const starting = startGateway(t, flight.home, { env });
      let fed = Infinity;
      const supervisor = setInterval(() => {
        const sign = socket.got.length;
        if (socket.got.some((one) => one["READY"] === "1") && fed === Infinity) fed = Date.now();
        if (sign > seen) fed = Date.now();
        seen = sign;
        if (Date.now() - fed > 2 * WATCHDOG) next?.signal("SIGKILL");
      }, 50);
      let seen = 0;
      next = await starting;
      answered = (await flight.count(next)).answered;
      clearInterval(supervisor);
    }
    assert.equal(answered, 3);
    t.diagnostic(`restarts ${restarts}, with processes that take twice the watchdog's ${WATCHDOG} ms to end`);
    assert.ok(restarts <= 2, `${restarts}`);
    await next?.stop();
  },
);
