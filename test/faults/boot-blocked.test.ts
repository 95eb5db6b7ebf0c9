// Plugins that block the event loop: a loop that is blocked can't tell, so a thread beside it does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { failedStart, pluginHome } from "../registry/plugin-home.ts";

const SPIN = "function spin(ms) { for (const end = Date.now() + ms; Date.now() < end; ); }";
const boot = { pluginDeadline: "2s" };

for (const [where, text] of [
  ["in its import", `${SPIN}\nspin(10000);\nexport default { id: "block", register() {} };`],
  [
    "in register()",
    `${SPIN}\nexport default { id: "block", async register() { await null; spin(10000); } };`,
  ],
  [
    "without using any processor",
    'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10000);\nexport default { id: "block", register() {} };',
  ],
] as const) {
  test(`a plugin that blocks the loop for 10 s ${where} is named with its line, and interrupted`, async (t) => {
    const home = pluginHome(
      t,
      { "block.ts": text, "idle.ts": 'export default { id: "idle", register() {} };' },
      { boot },
    );
    const start = await failedStart(t, home);
    assert.equal(start.code, 69, start.stderr);
    const noticed = start.lines.find(({ event }) => event === "loop.blocked");
    assert.equal(noticed?.["plugin"], "./plugins/block.ts");
    assert.match(String(noticed?.["where"]), /plugins\/block\.ts:\d+/);
    const line =
      /CRITICAL: plugin "\.\/plugins\/block\.ts" blocked the event loop for [^;]* at [^;]*block\.ts:\d+/;
    assert.ok(
      start.critical.some((one) => line.test(one)),
      start.critical.join("\n"),
    );
    assert.match(start.stderr, line);
    assert.doesNotMatch(start.stderr, /"\.\/plugins\/idle\.ts" (?:blocked|was too late)/);
    const kept = readFileSync(join(home.state, "logs", "rollcall.jsonl"), "utf8");
    assert.match(kept, /"event":"plugin\.blocked"/);
    assert.equal(start.answered, 0);
    t.diagnostic(
      `noticed after ${String(noticed?.["ms"])} ms; exit 69 after ${Math.round(start.ms)} ms; the witness saw the port open 0 of ${start.looks} times`,
    );
  });
}

test("a plugin that waits outside of JavaScript can't be interrupted: it is named, and the process is killed", async (t) => {
  const text = 'import { execSync } from "node:child_process";\nexecSync("sleep 10");\nexport default {};';
  const start = await failedStart(t, pluginHome(t, { "wait.ts": text }, { boot }));
  assert.equal(start.signal, "SIGKILL");
  assert.ok(
    start.critical.some((one) =>
      /can't be interrupted; the process is killed; loading: \["\.\/plugins\/wait\.ts"\]/.test(one),
    ),
    start.critical.join("\n"),
  );
  assert.equal(start.answered, 0);
  t.diagnostic(`killed after ${Math.round(start.ms)} ms, named before`);
});
