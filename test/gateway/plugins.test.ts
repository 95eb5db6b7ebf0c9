// Plugins of the real program: where they come from, how their sections are checked, and agents that are held for want
// of one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import { failedStart, pluginHome } from "../registry/plugin-home.ts";
import { makeHome, replyOf, startGateway, type Home } from "./program.ts";

const PARROT = readFileSync(fileURLToPath(new URL("../fixtures/plugins/parrot.ts", import.meta.url)), "utf8");

function parrots(t: TestContext, polly: object, ...fallbacks: readonly string[]): Home {
  return pluginHome(
    t,
    { "parrot.ts": PARROT },
    { primary: "polly/default", fallbacks, harnesses: { polly: { kind: "parrot", ...polly } } },
  );
}

test("a package is found from the configuration's folder, in JavaScript; it sees the gateway's own classes", async (t) => {
  const home = makeHome(t);
  const dir = join(home.dir, "node_modules", "@birds", "parrot");
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, "package.json"),
    JSON.stringify({ name: "@birds/parrot", type: "module", exports: { import: "./main.js" } }),
  );
  writeFileSync(join(dir, "main.js"), stripTypeScriptTypes(PARROT));
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "parrot/dead", fallbacks: ["parrot/alive"] } }] },
    plugins: ["@birds/parrot"],
  });
  const gateway = await startGateway(t, home);
  const { json } = await gateway.api("/api/v1/messages?wait=30", { body: { text: "hello" } });
  assert.match(replyOf(json) ?? "", /squawk: hello hello/);
  assert.equal(await gateway.stop(), 0);
});

test("TypeScript in a package is refused with the reason; a package that isn't there is named", async (t) => {
  const home = makeHome(t);
  const dir = join(home.dir, "node_modules", "parrot");
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, "package.json"),
    JSON.stringify({ name: "parrot", type: "module", exports: "./main.ts" }),
  );
  writeFileSync(join(dir, "main.ts"), PARROT);
  home.configure({ plugins: ["parrot", "no-such-parrot"] });
  const start = await failedStart(t, home);
  assert.equal(start.code, 69);
  assert.match(
    start.stderr,
    /plugin "parrot" can't be imported: Stripping types is currently unsupported for files under node_modules/,
  );
  assert.match(
    start.stderr,
    /plugin "no-such-parrot" can't be imported: Cannot find package 'no-such-parrot'/,
  );
});

test("a section of a plugin's kind is checked by the plugin's schema: 78, with the key and what was meant", async (t) => {
  const typo = await failedStart(t, parrots(t, { wrod: "hi" }));
  assert.equal(typo.code, 78);
  assert.match(typo.stderr, /harnesses\.polly\.wrod: unknown key; did you mean "word"\?/);
  const wrong = await failedStart(t, parrots(t, { word: 7 }));
  assert.equal(wrong.code, 78);
  assert.match(wrong.stderr, /harnesses\.polly\.word: /);
  assert.equal(typo.answered + wrong.answered, 0);
});

test("a schema of another library is spoken to by the standard interface; without one there are no options", async (t) => {
  const standard = `const schema = { "~standard": { version: 1, vendor: "own", validate: (value) =>
    value.size === 1 ? { value } : { issues: [{ message: "expected one", path: ["size"] }] } } };
    export default { id: "own", register(host) { host.harness("mine", () => ({}), schema); host.harness("plain", () => ({})); } };`;
  for (const [harnesses, says] of [
    [{ mine: { size: 2 } }, /harnesses\.mine\.size: expected one/],
    [{ plain: { size: 2 } }, /harnesses\.plain\.size: unknown key/],
  ] as const) {
    const start = await failedStart(
      t,
      pluginHome(t, { "own.ts": standard }, { primary: "echo/default", harnesses }),
    );
    assert.equal(start.code, 78, start.stderr);
    assert.match(start.stderr, says);
  }
});

test("hold-agent: a plugin that failed is told as loudly, and only the agent that needs it is held", async (t) => {
  const home = makeHome(t);
  writeFileSync(
    join(home.dir, "bad.ts"),
    'export default { id: "bad", register() { throw new TypeError("no key"); } };',
  );
  home.configure({
    gateway: { boot: { unregistered: "hold-agent" } },
    agents: {
      list: [
        { id: "main", model: { primary: "echo/default" } },
        { id: "held", model: { primary: "mine/default" } },
      ],
    },
    plugins: ["./bad.ts"],
  });
  const gateway = await startGateway(t, home, { ready: false });
  const critical = gateway.lines.filter(({ level }) => level === "fatal").map(({ msg }) => msg ?? "");
  assert.match(
    critical.join("\n"),
    /CRITICAL: plugin "\.\/bad\.ts" threw in register\(\): no key.*left undone: harness "mine" \(agent "held"\)/,
  );
  assert.match(critical.join("\n"), /CRITICAL: declared harness "mine" is not registered \(agent held\)/);
  const served = await gateway.api("/api/v1/messages?wait=30", { body: { text: "hi" } });
  assert.equal(replyOf(served.json), "hi");
  const held = await gateway.api("/api/v1/messages", { body: { text: "hi", agent: "held" } });
  assert.equal(held.status, 202);
  const ready = await gateway.api("/readyz");
  assert.equal(ready.status, 503);
  assert.match(JSON.stringify(ready.json), /harness-unregistered/);
  assert.equal((await gateway.api("/readyz?agent=main")).status, 200);
  assert.equal((await gateway.api("/readyz?agent=held")).status, 503);
  await gateway.stop();
});

test("hold-agent: a plugin that failed and that no agent needs ends the start: nothing that runs would show it", async (t) => {
  const bad = 'export default { id: "bad", register() { throw new TypeError("no key"); } };';
  const boot = { unregistered: "hold-agent" };
  const start = await failedStart(t, pluginHome(t, { "bad.ts": bad }, { primary: "echo/default", boot }));
  assert.equal(start.code, 69);
  assert.match(start.stderr, /left undone: nothing that is declared/);
});

test("check loads plugins as a start does, and says what a start would say", (t) => {
  const home = parrots(t, {});
  const good = check(home);
  assert.equal(good.status, 0, good.stderr);
  assert.match(good.stdout, /✓ main {2}polly\/default {2}available/);
  const file = join(home.dir, "plugins", "parrot.ts");
  writeFileSync(file, 'export default { id: "parrots", register() {} };');
  const empty = check(home);
  assert.equal(empty.status, 69);
  assert.match(empty.stdout, /declared harness "polly" is not registered \(agent main, kind "parrot"\)/);
  writeFileSync(file, "export default {");
  const broken = check(home);
  assert.equal(broken.status, 69);
  assert.match(broken.stderr, /plugin "\.\/plugins\/parrot\.ts" can't be imported/);
});

const ENTRY = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

function check(home: Home): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const args = [ENTRY, "check", "--probe", "--config", home.config, "--state", home.state];
  return spawnSync(process.execPath, args, { encoding: "utf8", cwd: home.dir });
}
