// Starts that must not happen: each ends with its documented code and one clear line, and nothing ever listened.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeHome, runProgram, startGateway, type Home, type RunOptions } from "./program.ts";

const good = { agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } };

async function refused(
  t: TestContext,
  home: Home,
  code: number,
  says: RegExp,
  options: RunOptions = {},
): Promise<void> {
  const program = runProgram(t, home, "start", { args: ["--port", "0"], ...options });
  const exit = await program.exited;
  assert.equal(exit.code, code, program.stderr());
  const last = program.stderr().trim().split("\n").at(-1) ?? "";
  assert.match(program.stderr(), says);
  assert.ok(last.length > 0 && last.length < 2000);
  assert.ok(!program.lines.some(({ event }) => event === "gateway.listening"), "nothing listened");
  assert.doesNotMatch(program.stderr(), /\n\s+at /, "no stack");
}

test("no configuration", async (t) => refused(t, makeHome(t), 78, /No configuration was found/));

test("an invalid value, an unknown key with its path and the word that was meant", async (t) => {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", modle: { primary: "echo/default" } }] } });
  await refused(t, home, 78, /agents\.list\[0\]\.modle: unknown key; did you mean "model"\?/);
  home.configure({ ...good, gateway: { port: "many" } });
  await refused(t, home, 78, /gateway\.port/);
  home.configure("{ agents: [ ");
  await refused(t, home, 78, /line 1|:1:/);
  home.configure("");
  await refused(t, home, 78, /empty/i);
});

test("an unknown key of a channel's own section", async (t) => {
  const home = makeHome(t);
  home.configure({
    ...good,
    channels: { telegram: { accounts: { default: { token: "1:a", direkt: {} } } } },
  });
  await refused(
    t,
    home,
    78,
    /channels\.telegram\.accounts\.default\.direkt: unknown key; did you mean "direct"\?/,
  );
});

test("a variable that isn't set", async (t) => {
  const home = makeHome(t);
  home.configure({
    ...good,
    channels: { telegram: { accounts: { default: { token: { env: "NO_SUCH_TOKEN" } } } } },
  });
  await refused(t, home, 78, /NO_SUCH_TOKEN is not set/);
});

test("a configuration that can't be read", async (t) => {
  const home = makeHome(t);
  mkdirSync(home.config);
  await refused(t, home, 78, /can't be read/);
});

test("a harness that nobody registers: the line names it, its agent, and what is registered", async (t) => {
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default", fallbacks: ["clade-cli/opus"] } }] },
  });
  const line =
    /\[gateway\] CRITICAL: declared harness "clade-cli" is not registered \(agent main\); registered harnesses: \[echo\]/;
  await refused(t, home, 69, line);
  const program = runProgram(t, home, "start", { args: ["--port", "0"] });
  await program.exited;
  assert.ok(program.lines.some(({ level, msg }) => level === "fatal" && line.test(msg ?? "")));
});

test("a channel that nobody registers", async (t) => {
  const home = makeHome(t);
  home.configure({ ...good, channels: { telegraf: { accounts: { default: {} } } } });
  await refused(t, home, 69, /channels\.telegraf/);
});

test("a plugin that isn't there", async (t) => {
  const home = makeHome(t);
  home.configure({ ...good, plugins: ["./mine.ts"] });
  await refused(t, home, 69, /mine\.ts/);
});

test("a state directory that can't be written", async (t) => {
  const home = makeHome(t);
  home.configure(good);
  writeFileSync(home.state, "a file in its place");
  await refused(t, home, 73, /state directory can't be written/);
  rmSync(home.state);
  mkdirSync(home.state);
  writeFileSync(
    join(home.state, "store.db"),
    "not a database, but long enough to be looked at as one ".repeat(40),
  );
  await refused(t, home, 73, /store can't be opened/);
  chmodSync(home.state, 0o700);
});

test("a port that is in use names its holder", async (t) => {
  const home = makeHome(t);
  home.configure(good);
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  t.after(() => holder.close());
  const { port } = holder.address() as { port: number };
  await refused(t, home, 75, new RegExp(`process ${process.pid}\\b`), { args: ["--port", String(port)] });
});

test("a second instance on the same state names the first, and disturbs nothing", async (t) => {
  const home = makeHome(t);
  home.configure(good);
  const gateway = await startGateway(t, home);
  await refused(t, home, 75, new RegExp(`process ${gateway.pid}\\b`));
  assert.equal((await gateway.api("/readyz")).status, 200);
  await gateway.stop();
});

test("a state directory that lost its configuration doesn't come up as a demo", async (t) => {
  const home = makeHome(t);
  home.configure(good);
  await (await startGateway(t, home)).stop();
  rmSync(home.config);
  await refused(t, home, 78, /ran with a configuration that is gone/, { args: ["--port", "0", "--try"] });
});
