import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { PERIODS } from "../../src/health/proofs.ts";
import { fakeClaude } from "../fakes/harness/fake-claude.ts";
import { makeHome, startGateway } from "../gateway/program.ts";

const IDLE = 6000;

/** Processor time of a process and all its threads, in milliseconds. */
function ownTime(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const spent = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
}

/** Processor time of the children that have ended, in milliseconds. */
function childTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

async function idle(t: TestContext, refs: readonly string[]) {
  const home = makeHome(t);
  const claude = fakeClaude({ dir: join(home.dir, "claude") });
  const [primary = "", ...fallbacks] = refs;
  home.configure({
    agents: { list: [{ id: "main", model: { primary, fallbacks }, workspace: join(home.dir, "work") }] },
    harnesses: refs[0]?.startsWith("claude") === true ? { "claude-cli": { command: claude.command } } : {},
  });
  const gateway = await startGateway(t, home, { env: claude.env });
  const starts = claude.starts().length;
  const round = childTime(gateway.pid);
  // What a start leaves to be done is not the cost of being idle.
  await pause(2000);
  const before = ownTime(gateway.pid);
  await pause(IDLE);
  const own = ownTime(gateway.pid) - before;
  const { json } = await gateway.api("/api/v1/status");
  assert.equal(json["status"], "ready");
  await gateway.stop();
  return { own, round, starts };
}

test("all probes together take less than a hundredth of a core", async (t) => {
  const [three, none] = await Promise.all([
    idle(t, ["claude-cli/a", "claude-cli/b", "claude-cli/c"]),
    idle(t, ["echo/default"]),
  ]);
  assert.equal(three.starts, 2, "three candidates share one look at the version and one at the login");
  const looks = (100 * Math.max(0, three.own - none.own)) / IDLE;
  const rounds = (100 * three.round) / PERIODS.L2;
  assert.ok(looks + rounds < 1, `${looks} % and ${rounds} %`);
  t.diagnostic(
    `files ${looks.toFixed(3)} % of a core, logins ${rounds.toFixed(3)} % (one round takes ${three.round} ms in ${PERIODS.L2 / 1000} s)`,
  );
  t.diagnostic(
    `the whole gateway, idle: ${((100 * three.own) / IDLE).toFixed(2)} % with three candidates, ${((100 * none.own) / IDLE).toFixed(2)} % with echo`,
  );
});
