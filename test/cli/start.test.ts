import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it, type TestContext } from "node:test";
import { call } from "./call.ts";
import { run, type Running } from "./stand-in.ts";

const LAUNCHER = join(import.meta.dirname, "../../rollcall.js");

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-start-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Reads the log until an event. */
async function until(running: Running, event: string): Promise<void> {
  for (let line = await running.line(); line !== undefined; line = await running.line()) {
    if ((JSON.parse(line) as { event: string }).event === event) return;
  }
  assert.fail(`ended before ${event}: ${(await running.ended).err}`);
}

describe("start", () => {
  it("on defaults serves, answers to send, and stops by a signal", async (t) => {
    const dir = await folder(t);
    const args = [LAUNCHER, "start", "--try", "--port", "0", "--log-format", "json"];
    const running = run(process.execPath, args, dir, {
      PATH: "/nowhere",
      NODE_COMPILE_CACHE: join(dir, "code"),
    });
    await until(running, "gateway.ready");
    const state = ["--state", join(dir, ".rollcall")];
    assert.deepEqual(await call(["send", "to be or not", ...state]), {
      exit: 0,
      out: "to be or not\n",
      err: "",
    });
    assert.equal((await call(["status", ...state])).exit, 0);
    assert.match((await call(["logs", ...state])).out, /message\.done/);
    running.child.kill("SIGTERM");
    running.child.stdout.resume();
    assert.equal((await running.ended).code, 0);
    assert.equal((await call(["status", ...state])).exit, 69);
    assert.match((await call(["messages", "list", ...state])).out, /done .* to be or not/);
  });

  it("goes on when nobody reads its log any more", async (t) => {
    const dir = await folder(t);
    const args = [LAUNCHER, "start", "--try", "--port", "0", "--log-format", "json"];
    const running = run(process.execPath, args, dir, {
      PATH: "/nowhere",
      NODE_COMPILE_CACHE: join(dir, "code"),
    });
    await until(running, "gateway.ready");
    running.child.stdout.destroy();
    running.child.stderr.destroy();
    const state = ["--state", join(dir, ".rollcall")];
    for (const text of ["one", "two"]) assert.equal((await call(["send", text, ...state])).out, `${text}\n`);
    assert.match((await call(["logs", ...state])).out, /message\.done/);
    running.child.kill("SIGTERM");
    assert.equal((await running.ended).code, 0);
  });

  it("on defaults never loads the schema of the configuration", async (t) => {
    const dir = await folder(t);
    const hook = `import { registerHooks } from "node:module";
registerHooks({ resolve(specifier, context, next) {
  if (specifier === "zod") process.stderr.write("zod is loaded\\n");
  return next(specifier, context);
} });`;
    await writeFile(join(dir, "hook.mjs"), hook);
    const args = [
      "--import",
      join(dir, "hook.mjs"),
      LAUNCHER,
      "start",
      "--try",
      "--port",
      "0",
      "--log-format",
      "json",
    ];
    const running = run(process.execPath, args, dir, {
      PATH: "/nowhere",
      NODE_COMPILE_CACHE: join(dir, "code"),
    });
    await until(running, "gateway.ready");
    running.child.kill("SIGTERM");
    running.child.stdout.resume();
    assert.doesNotMatch((await running.ended).err, /zod is loaded/);
  });

  it("is foretold by check, which says how it ends", async (t) => {
    const dir = await folder(t);
    const file = join(dir, "rollcall.json5");
    const agent = (primary: string): string =>
      `agents: { list: [{ id: "main", model: { primary: "${primary}" } }] }`;
    const check = (...args: string[]) => run(process.execPath, [LAUNCHER, "check", ...args], dir).ended;
    await writeFile(file, `{ ${agent("echo/default")} }`);
    assert.deepEqual(await check("--strict"), { code: 0, signal: null, err: "" });
    await writeFile(file, `{ ${agent("echo/default")}, owners: ["nowhere/default/1"] }`);
    const warned = await check("--strict");
    assert.deepEqual([warned.code, warned.err.split("\n").length], [65, 2]);
    assert.equal((await check()).code, 0);
    await writeFile(file, `{ ${agent("ghost/default")} }`);
    const missing = await check();
    assert.deepEqual([missing.code, missing.err.split("\n").length], [69, 2]);
    await writeFile(file, "{ broken");
    assert.match(
      (await check()).err,
      /^rollcall: The configuration is not valid JSON5 or YAML: .*line 1, column 9: /,
    );
  });

  it("without a configuration, or with one of several faults, ends with 78 in words", async (t) => {
    const dir = await folder(t);
    const start = (...args: string[]) =>
      run(process.execPath, [LAUNCHER, "start", "--port", "0", ...args], dir).ended;
    const missing = await start();
    assert.deepEqual([missing.code, missing.err.split("\n").length], [78, 2]);
    assert.match(missing.err, /^rollcall: No configuration was found\. Write rollcall\.json5/);
    await writeFile(join(dir, "rollcall.json5"), "{ agnets: {}, gateway: { prot: 1 } }");
    const faulty = await start();
    assert.equal(faulty.code, 78);
    assert.equal(
      faulty.err,
      '  gateway.prot: unknown key; did you mean "port"?\n  agnets: unknown key; did you mean "agents"?\nrollcall: 2 problems. Mend the key that is named.\n',
    );
  });
});
