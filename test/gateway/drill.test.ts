// The drill itself, with everything real that it uses: programs, sockets, signals, disks.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { makeHome, runCommand, type Home } from "./drill-run.ts";

interface Finding {
  readonly exercise: string;
  readonly promise: string;
  readonly verdict: string;
  readonly seen: string;
}

interface Report {
  readonly config: string | null;
  readonly dir: string | null;
  readonly findings: readonly Finding[];
  readonly took: number;
}

const EXERCISES = ["harness-lost", "gateway-killed", "disk-full", "rate-limit", "clock-jump"];

/** A state directory as a gateway leaves it; nothing in it may change. */
function leaveState(home: Home): void {
  mkdirSync(home.state);
  writeFileSync(join(home.state, "token"), "the user's own");
}

async function drill(t: TestContext, home: Home, args: readonly string[] = []) {
  const ended = await runCommand(t, home, ["drill", "--json", ...args]);
  assert.ok(ended.out.startsWith("{"), ended.err);
  return { ...ended, report: JSON.parse(ended.out) as Report };
}

/** Processes whose command line or environment names this folder. */
function processesOf(dir: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return line.includes(dir) || readFileSync(`/proc/${pid}/environ`, "utf8").includes(dir) ? [line] : [];
      } catch {
        return []; // it has ended
      }
    });
}

function assertUntouched(home: Home): void {
  assert.deepEqual(readdirSync(home.state), ["token"]);
  assert.equal(readFileSync(join(home.state, "token"), "utf8"), "the user's own");
  assert.deepEqual(readdirSync(home.temp), [], "what the drill made is gone");
  if (process.platform === "linux") assert.deepEqual(processesOf(home.dir), []);
}

const ofVerdict = (report: Report, verdict: string): readonly Finding[] =>
  report.findings.filter((finding) => finding.verdict === verdict);

function assertKept({ report, exit, err }: Awaited<ReturnType<typeof drill>>): void {
  assert.deepEqual(ofVerdict(report, "broken"), []);
  assert.equal(exit, 0, err);
  assert.deepEqual(
    [...new Set(report.findings.map(({ exercise }) => exercise))],
    [...EXERCISES, "isolation"],
  );
  for (const { exercise } of ofVerdict(report, "not done")) assert.equal(exercise, "disk-full");
  for (const name of EXERCISES) {
    const own = report.findings.filter(({ exercise }) => exercise === name);
    if (own.every(({ verdict }) => verdict === "kept"))
      assert.ok(
        own.some(({ promise }) => promise === "every message is answered, none twice") ||
          name === "clock-jump",
      );
  }
}

describe("a drill", { concurrency: true }, () => {
  it("without a configuration: every promise is kept, and nothing of the user's is touched", async (t) => {
    const home = makeHome(t);
    leaveState(home);
    const run = await drill(t, home);
    assertKept(run);
    assert.equal(run.report.config, null);
    assertUntouched(home);
    t.diagnostic(
      `drill on the defaults: ${ofVerdict(run.report, "kept").length} promises kept in ${(run.report.took / 1000).toFixed(0)} s`,
    );
  });

  it("with agents whose programs and tokens aren't there: none of them is needed", async (t) => {
    const home = makeHome(t);
    leaveState(home);
    home.configure({
      owners: ["telegram/work/12345"],
      gateway: { port: 1, auth: { token: { env: "NOT_SET" } }, proxy: "socks5://127.0.0.1:1" },
      agents: {
        defaults: { midTurn: "interrupt", hold: { noticeAfter: "1h", askAfter: "1ms" } },
        list: [
          { id: "main", model: { primary: "claude-cli/default", fallbacks: ["local/small"] } },
          { id: "other", model: { primary: "local/small" }, onInterrupted: "ask" },
        ],
      },
      harnesses: {
        "claude-cli": { command: "/nowhere/claude", pool: { max: 2 } },
        local: { kind: "claude-cli", command: "/nowhere/local" },
      },
      channels: {
        telegram: {
          accounts: {
            work: { token: { env: "NOT_SET" }, groups: { "-100123": { agent: "other" } } },
            home: { token: { command: ["/nowhere/secret"] }, stream: "off" },
          },
        },
      },
      bindings: [{ agent: "other", from: "telegram/home/*" }],
      alerts: { routes: [{ kind: "channel", to: "telegram/work/12345" }] },
      plugins: ["./not-there.ts"],
    });
    const run = await drill(t, home);
    assertKept(run);
    assertUntouched(home);
    t.diagnostic(
      `drill on two agents and two accounts: ${ofVerdict(run.report, "kept").length} promises kept in ${(run.report.took / 1000).toFixed(0)} s`,
    );
  });

  it("finds a configuration that gives messages up: exit 65, and says where the logs are", async (t) => {
    const home = makeHome(t);
    leaveState(home);
    home.configure({
      agents: { list: [{ id: "main", model: { primary: "echo/default" }, hold: { max: "300ms" } }] },
    });
    const { report, exit, err } = await drill(t, home, ["--only", "harness-lost"]);
    assert.equal(exit, 65);
    const broken = ofVerdict(report, "broken").map(({ promise }) => promise);
    assert.ok(broken.includes("every message is answered, none twice"), broken.join("; "));
    assert.match(err, /promises were broken/);
    assert.match(
      readFileSync(join(report.dir ?? "", "harness-lost", "gateway.log"), "utf8"),
      /message\.dead/,
    );
    assert.deepEqual(readdirSync(home.state), ["token"]);
  });

  it("that is stopped ends what it started, and says so", async (t) => {
    const home = makeHome(t);
    leaveState(home);
    const ended = await runCommand(t, home, ["drill"], { stopWhen: /harness-lost/, after: 700 });
    assert.equal(ended.exit, 65);
    assert.match(ended.err, /stopped before its end/);
    assertUntouched(home);
  });

  it("of an exercise that there isn't is wrong usage", async (t) => {
    const home = makeHome(t);
    const ended = await runCommand(t, home, ["drill", "--only", "flood"]);
    assert.equal(ended.exit, 64);
    assert.match(ended.err, /there are harness-lost, gateway-killed/);
  });
});
