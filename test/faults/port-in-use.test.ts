import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { makeHome, runProgram } from "../gateway/program.ts";

test("a port in use ends the start with 75 and names its holder", async (t) => {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  t.after(() => holder.close());
  const { port } = holder.address() as { port: number };
  const begun = performance.now();
  const program = runProgram(t, home, "start", { args: ["--port", String(port)] });
  const { code } = await program.exited;
  const took = performance.now() - begun;
  assert.equal(code, 75);
  assert.match(program.stderr(), new RegExp(`process ${process.pid}\\b`));
  assert.ok(!program.lines.some(({ event }) => event === "gateway.listening"));
  t.diagnostic(`exit ${code} after ${took | 0} ms, the holder is named`);
});
