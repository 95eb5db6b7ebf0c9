// What the supervisor is told: by each sender, by the watch over what is stuck, and by the whole program.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSupervision } from "../../src/gateway/supervision.ts";
import { createNotify, type Notify } from "../../src/platform/notify.ts";
import { NOTIFY_SENDERS } from "../../src/platform/notify-senders.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { which } from "../../src/platform/which.ts";
import { SECOND } from "../../src/core/time.ts";
import type { Pulse } from "../../src/ports/pulse.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { noNotifySocket, openNotifySocket, type Notification } from "../fakes/notify-socket.ts";
import { keepLog, type LogLine } from "../fakes/quiet.ts";
import { makeHome, startGateway } from "./program.ts";

const skip = noNotifySocket ?? false;
const echo = { agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } };

for (const sender of NOTIFY_SENDERS) {
  for (const abstract of [false, true]) {
    const kind = abstract ? "an abstract socket" : "a socket of the file system";
    test(`${sender.command} sends whole messages in order to ${kind}`, { skip }, async (t) => {
      if ((await which(sender.command, process.env["PATH"] ?? "")) === undefined)
        return t.skip(`${sender.command} is not there`);
      const socket = await openNotifySocket(t, abstract);
      const notify = await createNotify({
        env: { ...process.env, NOTIFY_SOCKET: socket.path },
        clock: systemClock,
        log: keepLog(),
        senders: [sender],
      });
      assert.equal(notify.active, true);
      notify.send({ READY: "1", STATUS: "ready · agents 1/1\nMAINPID=1" });
      for (let i = 0; i < 5; i++) notify.send({ STATUS: `number ${i}` });
      notify.send({ STOPPING: "1" });
      await socket.until((one) => one["STOPPING"] === "1");
      await notify.close();
      assert.deepEqual(
        socket.got.map((one) => one["STATUS"] ?? "end"),
        ["ready · agents 1/1 MAINPID=1", ...Array.from({ length: 5 }, (_, i) => `number ${i}`), "end"],
      );
      assert.ok(!socket.got.some((one) => "MAINPID" in one), "a status makes no field of its own");
    });
  }
}

test("without a supervisor nothing is started and nothing fails", async () => {
  const lines: LogLine[] = [];
  const deps = { clock: systemClock, log: keepLog(lines) };
  for (const env of [{}, { NOTIFY_SOCKET: "" }]) {
    const notify = await createNotify({ ...deps, env });
    assert.equal(notify.active, false);
    notify.send({ READY: "1" });
    await notify.close();
  }
  assert.equal(lines.length, 0);
  const odd = await createNotify({ ...deps, env: { NOTIFY_SOCKET: "vsock:2:1234" } });
  assert.equal(odd.active, false);
  const alone = await createNotify({ ...deps, env: { NOTIFY_SOCKET: "/run/none" }, senders: [] });
  assert.equal(alone.active, false);
  assert.deepEqual(
    lines.map(({ event }) => event),
    ["notify.unreachable", "notify.unreachable"],
  );
});

function rig(env: NodeJS.ProcessEnv, stopWithin: number | null = null) {
  const clock = createFakeClock();
  const sent: Notification[] = [];
  const lines: LogLine[] = [];
  const notify: Notify = { active: true, send: (fields) => void sent.push(fields), close: async () => {} };
  const supervision = createSupervision({
    notify,
    clock,
    env,
    stopWithin,
    log: keepLog(lines),
    pids: [100, 99],
    monotonicMicros: () => BigInt(Math.round(clock.monotonic() * 1000)),
  });
  const fed = (): number => sent.splice(0).filter((one) => one["WATCHDOG"] === "1").length;
  return { clock, sent, lines, supervision, fed };
}

test("the watchdog is fed at half its time, and starves only while something begun is overdue", async () => {
  const { clock, lines, supervision, fed } = rig({ WATCHDOG_USEC: "20000000" });
  const pulses: Pulse[] = [];
  supervision.watch(() => pulses);
  await clock.advance(60 * SECOND);
  assert.equal(fed(), 0, "a start that isn't over is bounded by the supervisor's own time for starts");
  supervision.listening("starting");
  await clock.advance(60 * SECOND);
  assert.equal(fed(), 6);
  pulses.push({ what: "a commit", begunAt: clock.monotonic(), within: 25 * SECOND });
  await clock.advance(20 * SECOND);
  assert.equal(fed(), 2, "what is slow is not stuck");
  await clock.advance(30 * SECOND);
  assert.equal(fed(), 0, "what is stuck starves it");
  assert.deepEqual(lines.at(-1)?.fields["what"], ["a commit"]);
  pulses.pop();
  await clock.advance(10 * SECOND);
  assert.equal(fed(), 1, "it goes on when that has ended");
  await supervision.close();
  await clock.advance(60 * SECOND);
  assert.equal(fed(), 0);
  assert.equal(clock.pending, 0);
});

test("a watchdog that is meant for another process is not ours to feed", async () => {
  const cases: readonly (readonly [NodeJS.ProcessEnv, boolean])[] = [
    [{ WATCHDOG_USEC: "20000000", WATCHDOG_PID: "100" }, true],
    [{ WATCHDOG_USEC: "20000000", WATCHDOG_PID: "99" }, true],
    [{ WATCHDOG_USEC: "20000000", WATCHDOG_PID: "7" }, false],
    [{ WATCHDOG_USEC: "soon" }, false],
    [{ WATCHDOG_USEC: "0" }, false],
    [{}, false],
  ];
  for (const [env, ours] of cases) {
    const { clock, supervision, fed } = rig(env);
    supervision.listening("starting");
    await clock.advance(60 * SECOND);
    assert.equal(fed() > 0, ours, JSON.stringify(env));
  }
});

test("a reload ends in ready, refused or not; a stop is the last word and fits into the supervisor's time", () => {
  const { sent, supervision } = rig({}, 30 * SECOND);
  supervision.listening("starting");
  supervision.status("ready");
  supervision.status("ready");
  supervision.reloading();
  supervision.ready("ready");
  const plan = supervision.stopping(25 * SECOND);
  supervision.reloading();
  supervision.ready("ready");
  assert.deepEqual(sent, [
    { READY: "1", STATUS: "starting" },
    { STATUS: "ready" },
    { RELOADING: "1", MONOTONIC_USEC: "0" },
    { READY: "1", STATUS: "ready" },
    { STOPPING: "1", EXTEND_TIMEOUT_USEC: "30000000", STATUS: "draining" },
  ]);
  assert.equal(plan.total, 30 * SECOND);
});

test(
  "the whole program says READY, its STATUS, WATCHDOG and STOPPING, in this order",
  { skip },
  async (t) => {
    const home = makeHome(t);
    home.configure(echo);
    const socket = await openNotifySocket(t);
    const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "400000" };
    const gateway = await startGateway(t, home, { env });
    await socket.until((one) => /ready · registered harnesses: \[echo\]/.test(one["STATUS"] ?? ""));
    await socket.until((one) => one["WATCHDOG"] === "1");
    await gateway.stop();
    const words = socket.got.map((one) =>
      ["READY", "RELOADING", "STOPPING", "WATCHDOG"].find((name) => one[name] === "1"),
    );
    const at = (word: string): number => words.indexOf(word);
    assert.equal(at("READY"), 0, "the first word");
    assert.ok(at("WATCHDOG") > 0 && at("STOPPING") > at("WATCHDOG"));
    assert.equal(words.filter((word) => word === "READY").length, 1);
    assert.match(socket.got.at(at("STOPPING"))?.["STATUS"] ?? "", /draining/);
    const ready = gateway.lines.find(({ event, status }) => event === "health" && status === "ready");
    assert.equal(
      socket.got.findLast((one) => one["STATUS"]?.startsWith("ready") === true)?.["STATUS"],
      ready?.msg?.replace("[health] ", ""),
      "the same line as the log's",
    );
  },
);

test("a reload says RELOADING and ends in READY, refused or not", { skip }, async (t) => {
  const home = makeHome(t);
  home.configure(echo);
  const socket = await openNotifySocket(t);
  const gateway = await startGateway(t, home, { env: { NOTIFY_SOCKET: socket.path } });
  const ends = (): number => socket.got.filter((one) => one["READY"] === "1").length;
  for (const [config, event] of [
    [{ ...echo, owners: ["telegram/default/1"] }, "registry.swapped"],
    ["{ agents: [", "reload.rejected"],
  ] as const) {
    const before = ends();
    home.configure(config);
    gateway.signal("SIGHUP");
    await gateway.logged(event);
    await socket.until(() => ends() > before);
  }
  const words = socket.got.flatMap((one) => ["READY", "RELOADING"].filter((name) => one[name] === "1"));
  // The changed file may be seen once more by itself: that is a reload like any other.
  assert.match(words.join(" "), /^READY(?: RELOADING READY){2,}$/);
  const reloading = socket.got.filter((one) => one["RELOADING"] === "1");
  assert.ok(reloading.every((one) => /^\d+$/.test(one["MONOTONIC_USEC"] ?? "")));
  assert.equal((await gateway.api("/readyz")).status, 200, "the old configuration serves on");
  await gateway.stop();
});
