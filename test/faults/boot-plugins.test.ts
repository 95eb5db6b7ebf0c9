// Plugins that do what they must not: each start ends with 69 and a line that names the plugin and what is missing
// because of it, and a witness beside it never saw the port open.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import {
  failedStart,
  pluginHome,
  type FailedStart,
  type PluginSetup,
  type Written,
} from "../registry/plugin-home.ts";

const DEADLINE = { pluginDeadline: "1s" };
const MINE = /left undone: harness "mine" \(agent "main"\)/;

async function refused(
  t: TestContext,
  plugins: Written,
  says: RegExp,
  setup: PluginSetup = { boot: DEADLINE },
): Promise<FailedStart> {
  const start = await failedStart(t, pluginHome(t, plugins, setup));
  assert.equal(start.code, 69, start.stderr);
  assert.ok(
    start.critical.some((line) => says.test(line)),
    start.critical.join("\n"),
  );
  assert.match(start.critical.join("\n"), /\[gateway\] CRITICAL: /);
  assert.match(start.stderr, says);
  assert.ok(
    !start.lines.some(({ event }) =>
      ["registry.sealed", "gateway.listening", "gateway.ready"].includes(event),
    ),
  );
  assert.ok(start.looks > 0);
  assert.equal(start.answered, 0, "nothing ever listened");
  t.diagnostic(
    `exit 69 after ${Math.round(start.ms)} ms; the witness looked ${start.looks} times, saw it open 0 times`,
  );
  return start;
}

const registers = (body: string, id = "mine-plugin"): string =>
  `export default { id: ${JSON.stringify(id)}, ${body} };`;

test("a plugin that never registers the declared harness: the roll call names the harness and its agent", async (t) => {
  await refused(
    t,
    { "empty.ts": registers("register() {}") },
    /CRITICAL: declared harness "claude-cli-two" is not registered \(agent main\); registered harnesses: \[echo\]/,
    { primary: "echo/default", fallbacks: ["claude-cli-two/opus"] },
  );
});

test("register() throws", async (t) => {
  const bad = registers('register() { throw new TypeError("no key\\n  at secret line"); }');
  await refused(
    t,
    { "bad.ts": bad },
    /plugin "\.\/plugins\/bad\.ts" threw in register\(\): no key, registered before that: nothing; left undone/,
  );
  await refused(t, { "bad.ts": bad }, MINE);
});

test("register() never resolves: it is named at the deadline", async (t) => {
  const hang = registers(
    'async register(host) { host.harness("half", () => ({})); await new Promise(() => {}); }',
  );
  const start = await refused(
    t,
    { "hang.ts": hang },
    /plugin "\.\/plugins\/hang\.ts" was too late: register\(\) did not end within 5s, registered before that: harness half; left undone: harness "mine"/,
    {},
  );
  assert.ok(start.ms >= 5000);
});

test("an import that never ends, and one that fails", async (t) => {
  await refused(
    t,
    { "hang.ts": "await new Promise(() => {}); export default {};" },
    /was too late: its import did not end within 1s/,
  );
  await refused(
    t,
    { "bad.ts": 'throw new RangeError("out of feathers");' },
    /can't be imported: out of feathers/,
  );
  await refused(t, { "bad.ts": "export default {" }, /plugins\/bad\.ts" can't be imported: /);
  await refused(
    t,
    { "bad.ts": 'import "no-such-package-here";' },
    /can't be imported: Cannot find package 'no-such-package-here'/,
  );
});

test("no such file, no plugin in it, no name for it", async (t) => {
  const home = pluginHome(t, {}, {});
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    plugins: ["./none.ts"],
  });
  const start = await failedStart(t, home);
  assert.equal(start.code, 69);
  assert.match(
    start.stderr,
    /plugin "\.\/none\.ts" can't be found: .*none\.ts.*left undone: nothing that is declared/,
  );
  await refused(t, { "a.ts": "export const id = 1;" }, /has no default export \{ id, register\(host\) \}/);
  await refused(t, { "a.ts": registers("register() {}", "Not A Name") }, /has an id that is not lower case/);
});

test("a name that is registered twice, by one plugin or by two", async (t) => {
  const brings = 'register(host) { host.harness("mine", () => ({})); }';
  const twice = 'register(host) { host.harness("mine", () => ({})); host.harness("mine", () => ({})); }';
  await refused(t, { "twice.ts": registers(twice) }, /plugins\/twice\.ts" registered harness "mine" twice/);
  await refused(
    t,
    { "one.ts": registers(brings, "one"), "two.ts": registers(brings, "two") },
    /plugins\/two\.ts" registered harness "mine", which is registered by plugin "\.\/plugins\/one\.ts"/,
  );
  await refused(
    t,
    { "one.ts": registers("register() {}"), "two.ts": registers("register() {}") },
    /plugins\/two\.ts" has the id "mine-plugin" of plugin "\.\/plugins\/one\.ts"/,
  );
});

test("a plugin that takes the name of what is built in, for itself or for what it brings", async (t) => {
  const shadow = 'register(host) { try { host.harness("claude-cli", () => ({})); } catch {} }';
  await refused(
    t,
    { "shadow.ts": registers(shadow) },
    /registered harness "claude-cli" which is built in and can't be replaced/,
  );
  await refused(
    t,
    { "shadow.ts": registers("register() {}", "claude-cli") },
    /has the id "claude-cli", which is a built-in harness/,
  );
});

test("a harness that answers under a foreign id", async (t) => {
  const foreign = `register(host) { host.harness("mine", () => ({ create: () => ({ id: "echo", kind: "mine" }) })); }`;
  await refused(
    t,
    { "foreign.ts": registers(foreign) },
    /answers under a foreign id: asked for "mine" of kind "mine", it made "echo"/,
  );
});

test("a plugin that registers after its register() has ended", async (t) => {
  const late =
    'register(host) { setTimeout(() => { try { host.harness("mine", () => ({})); } catch {} }, 20); }';
  const slow = "async register() { await new Promise((resolve) => setTimeout(resolve, 300)); }";
  await refused(
    t,
    { "late.ts": registers(late, "late"), "slow.ts": registers(slow, "slow") },
    /plugins\/late\.ts" registered harness "mine" after its register\(\) had ended; left undone: harness "mine"/,
  );
});

test("all faults are told at once, in order of the list", async (t) => {
  const start = await refused(
    t,
    {
      "b.ts": registers("async register() { await new Promise(() => {}); }", "b"),
      "a.ts": registers('register() { throw new TypeError("a fails"); }', "a"),
      "c.ts": "export {};",
    },
    /plugins\/a\.ts" threw/,
  );
  const named = start.critical.flatMap(
    (line) => /^\[gateway\] CRITICAL: plugin "\.\/plugins\/(\w)\.ts"/.exec(line)?.[1] ?? [],
  );
  assert.deepEqual(named.slice(0, 3), ["b", "a", "c"]);
  assert.match(start.stderr, /3 problems/);
});

test("an error that nobody catches while plugins load", async (t) => {
  const stray =
    'async register() { setTimeout(() => { throw new TypeError("stray"); }, 10); await new Promise((r) => setTimeout(r, 500)); }';
  const start = await refused(
    t,
    { "stray.ts": registers(stray) },
    /CRITICAL: uncaught exception in plugin "\.\/plugins\/stray\.ts" .*stray/,
  );
  assert.doesNotMatch(start.stderr, /\n\s+at /);
});

test("a plugin that ends the process itself doesn't end it well", async (t) => {
  const start = await failedStart(
    t,
    pluginHome(t, { "exits.ts": registers("register() { process.exit(0); }") }),
  );
  assert.equal(start.code, 69);
  assert.match(start.critical.join("\n"), /CRITICAL: the process is ended by code that called process\.exit/);
  assert.equal(start.answered, 0);
});
