// A process that stands still, as a suspended machine or a debugger makes it. Here for two seconds, since a minute
// would prove the same: what a gateway holds meanwhile is the store's lock, which doesn't run out. What a minute does
// to times is proven on a clock of the test's own.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { SECOND } from "../../src/core/time.ts";
import { createSupervision } from "../../src/gateway/supervision.ts";
import { createFakeClock } from "../fakes/clock.ts";
import { keepLog } from "../fakes/quiet.ts";
import { makeHome, runProgram, startGateway } from "../gateway/program.ts";
import { assertAll, configureSlow, countAnswers, IN_FLIGHT, sendAll } from "./in-flight.ts";

const STILL = 2 * SECOND;

/** Everything in a state directory but the logs, which two programs may write to. */
function contentsOf(dir: string): ReadonlyMap<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter(
    (one) => one.isFile() && !one.parentPath.endsWith("/logs"),
  );
  return new Map(
    files.map((one) => {
      const path = join(one.parentPath, one.name);
      return [path, createHash("sha256").update(readFileSync(path)).digest("hex")];
    }),
  );
}

/** The signal is on its way for a moment. Where there is no /proc, that moment is taken to be over. */
async function standsStill(pid: number): Promise<void> {
  const state = (): string =>
    existsSync("/proc/self/stat") ? readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "") : "T";
  while (!state().startsWith("T")) await wait(1);
}

test("suspended with twenty in flight while a rival starts: the rival is refused and writes nothing", async (t) => {
  const home = makeHome(t);
  configureSlow(home, "1s");
  const gateway = await startGateway(t, home);
  await sendAll(gateway);
  gateway.signal("SIGSTOP");
  await standsStill(gateway.pid);
  const still = wait(STILL);
  const before = contentsOf(home.state);
  const begun = performance.now();
  const rival = runProgram(t, home, "start", { args: ["--port", "0"] });
  const { code } = await rival.exited;
  const took = performance.now() - begun;
  const after = contentsOf(home.state);
  await still;
  gateway.signal("SIGCONT");
  assert.equal(code, 75);
  assert.match(rival.stderr(), new RegExp(`process ${gateway.pid}\\b`));
  assert.deepEqual(after, before);
  const counted = await countAnswers(gateway);
  assertAll(counted);
  assert.equal(gateway.lines.filter(({ event }) => event === "turn.started").length, IN_FLIGHT);
  t.diagnostic(
    `stood still for ${STILL} ms: stale writes 0, answered ${counted.once} of ${IN_FLIGHT} once; ` +
      `a second instance ended with 75 after ${took | 0} ms and ${after.size} unchanged files, writes 0`,
  );
  await gateway.stop();
});

test("after a minute's standstill nobody is called overdue for the time in which nobody could work", async (t) => {
  const clock = createFakeClock();
  let fed = 0;
  let stood = 0;
  const supervision = createSupervision({
    notify: {
      active: true,
      send: (fields) => void (fed += fields["WATCHDOG"] === "1" ? 1 : 0),
      close: async () => {},
    },
    clock: { ...clock, monotonic: () => clock.monotonic() + stood },
    log: keepLog(),
    env: { WATCHDOG_USEC: "20000000" },
    pids: [],
    stopWithin: null,
  });
  const begunAt = 0;
  supervision.watch(() => [{ what: "a commit", begunAt, within: 30 * SECOND }]);
  supervision.listening("ready");
  stood = 60 * SECOND;
  await clock.advance(10 * SECOND);
  assert.equal(fed, 1, "the first look after it judges nobody");
  await clock.advance(10 * SECOND);
  assert.equal(fed, 1, "the next one does");
  t.diagnostic("wrong alarms after 60 s of standstill: 0");
});
