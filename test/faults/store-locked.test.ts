// Another program that wants the database, or has it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeHome, runProgram, startGateway, type Home } from "../gateway/program.ts";

/** Opens the database as any program could, tries to write for a while, and says what it was told. */
const RIVAL = `
import { DatabaseSync } from "node:sqlite";
const [path, hold] = process.argv.slice(1);
const said = [];
const end = Date.now() + 1500;
while (Date.now() < end) {
  try {
    const db = new DatabaseSync(path, { timeout: 100 });
    db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE");
    said.push("in");
    if (hold === "hold") { console.log(JSON.stringify(said)); setInterval(() => {}, 1000); break; }
    db.close();
  } catch (error) {
    said.push(error.message);
  }
}
if (hold !== "hold") console.log(JSON.stringify(said));
`;

async function rival(
  t: TestContext,
  home: Home,
  hold = "",
): Promise<{ readonly pid: number; readonly said: string[] }> {
  const args = ["--input-type=module", "-e", RIVAL, join(home.state, "store.db"), hold];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return { pid: child.pid ?? 0, said: JSON.parse(chunk.toString("utf8")) as string[] };
}

function configured(t: TestContext): Home {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  return home;
}

test("a second writer beside a running gateway never gets in, and the gateway doesn't feel it", async (t) => {
  const home = configured(t);
  const gateway = await startGateway(t, home);
  const over = new AbortController();
  const took: number[] = [];
  const failed: number[] = [];
  const work = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const begun = performance.now();
      const { status } = await gateway.api("/api/v1/messages", { body: { text: "beside a rival" } });
      took.push(performance.now() - begun);
      if (status !== 202) failed.push(status);
    }
  };
  const working = work();
  const { said } = await rival(t, home);
  over.abort();
  await working;
  assert.ok(said.length > 0 && said.every((one) => /locked/.test(one)), JSON.stringify(said.slice(0, 3)));
  assert.deepEqual(failed, []);
  const bad = gateway.lines.filter(({ level }) => level === "error" || level === "fatal");
  assert.deepEqual(bad, []);
  t.diagnostic(
    `a rival tried ${said.length} times and got in 0 times; beside it ${took.length} messages were accepted, errors 0, ` +
      `the slowest took ${Math.round(Math.max(...took))} ms`,
  );
  assert.equal(await gateway.stop(), 0);
});

test("a start on a database that another program holds ends soon, and names the program", async (t) => {
  const home = configured(t);
  await (await startGateway(t, home)).stop();
  const { pid, said } = await rival(t, home, "hold");
  assert.deepEqual(said, ["in"]);
  const begun = performance.now();
  const start = runProgram(t, home, "start", { args: ["--port", "0"] });
  const { code } = await start.exited;
  const took = performance.now() - begun;
  assert.equal(code, 75);
  if (existsSync("/proc/locks")) assert.match(start.stderr(), new RegExp(`process ${pid}\\b`));
  t.diagnostic(`held by another program: exit 75 after ${Math.round(took)} ms, process named`);
});
