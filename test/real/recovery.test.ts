// The gateway is killed while the real Claude Code works. What it had written into its own record decides what happens.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { makeHome, replyOf, startGateway, type Gateway, type Home } from "../gateway/program.ts";
import { startFakeModelApi, type FakeModelApi, type ModelRequest } from "./fake-model-api.ts";
import { claudeProgram } from "./installed.ts";
import { claudeVariables } from "./real-claude.ts";

const PATIENCE = 60_000;

async function stage(
  t: TestContext,
): Promise<{ api: FakeModelApi; home: Home; start: () => Promise<Gateway> }> {
  const api = await startFakeModelApi();
  const home = makeHome(t);
  t.after(() => api.close());
  home.configure({
    agents: {
      list: [
        {
          id: "main",
          model: { primary: "claude-cli/default" },
          permissions: { policy: "allow-list", allow: ["Bash"] },
        },
      ],
    },
    harnesses: { "claude-cli": { command: claudeProgram(), env: claudeVariables(api) } },
  });
  return { api, home, start: () => startGateway(t, home) };
}

async function until(is: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE; !is(); await wait(5)) assert.ok(Date.now() < end, "it never came");
}

/** Everything in the program's records of sessions. */
function record(home: Home): string {
  const projects = join(home.dir, ".claude", "projects");
  if (!existsSync(projects)) return "";
  return readdirSync(projects, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => readFileSync(join(projects, name), "utf8"))
    .join("");
}

const say = (gateway: Gateway, text: string, waiting = "") =>
  gateway.api(`/api/v1/messages${waiting}`, { body: { text, conversation: "c", id: text } });

async function historyOf(gateway: Gateway): Promise<readonly string[]> {
  const list = await gateway.api("/api/v1/messages");
  const [{ id } = assert.fail()] = list.json["messages"] as { id: string }[];
  const { json } = await gateway.api(`/api/v1/messages/${id}`);
  return (json["message"] as { history: { event: string }[] }).history.map(({ event }) => event);
}

test("kill -9 after the answer was written and before the gateway stored it: adopted, and the model isn't asked again", async (t) => {
  const { api, home, start } = await stage(t);
  const answer = `The answer is ${"a very, very ".repeat(10)}big aubergine.`;
  api.answer(() => ({ kind: "blocks", blocks: [{ type: "text", text: answer }], pace: 30 }));
  const first = await start();
  await say(first, "what is it?");
  await until(() => api.requests.length > 0);
  // It stands still while the program answers, so that it can't store what it is told.
  first.signal("SIGSTOP");
  await until(() => /big aubergine\."[^\n]*"stop_reason":"end_turn"/.test(record(home)));
  first.signal("SIGKILL");
  await first.exited;
  const asked = api.requests.length;
  const next = await start();
  const { json } = await say(next, "what is it?", "?wait=60");
  assert.equal(replyOf(json), answer);
  const { adopted } = await next.logged("gateway.recovered");
  assert.equal(adopted, 1);
  assert.equal(api.requests.length, asked);
  assert.ok((await historyOf(next)).includes("adopted"));
  t.diagnostic(
    `adopted ${adopted}, reruns 0, requests to the model after the kill ${api.requests.length - asked}`,
  );
  await next.stop();
});

test("kill -9 in the middle of a tool: the tool is ended, and the program goes on with the user's own text", async (t) => {
  const { api, home, start } = await stage(t);
  const pidFile = join(home.dir, "tool-pid");
  api.answer(({ toolResults, history }: ModelRequest) => {
    const told = history.findLast((line) => line.includes("[rollcall ")) ?? "";
    if (told.includes("\ninterrupted: "))
      return { kind: "blocks", blocks: [{ type: "text", text: "I went on." }] };
    if (toolResults.length > 0)
      return { kind: "blocks", blocks: [{ type: "text", text: "The tool is done." }] };
    const input = { command: `echo $$ > ${pidFile}; sleep 300`, description: "x" };
    return { kind: "blocks", blocks: [{ type: "tool_use", name: "Bash", input }], stop: "tool_use" };
  });
  const first = await start();
  await say(first, "deploy it, please");
  await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").trim() !== "");
  const tool = Number(readFileSync(pidFile, "utf8"));
  await first.kill();
  const next = await start();
  const { json } = await say(next, "deploy it, please", "?wait=60");
  assert.equal(replyOf(json), "I went on.");
  const { resumed } = await next.logged("gateway.recovered");
  assert.equal(resumed, 1);
  assert.equal(existsSync(`/proc/${tool}`), false, "the tool is gone");
  const last = api.requests.at(-1)?.history.findLast((line) => line.includes("[rollcall ")) ?? "";
  assert.match(last, /\n---\ndeploy it, please$/);
  assert.ok((await historyOf(next)).includes("resumed"));
  t.diagnostic(`resumed ${resumed}, tools left 0, the user's own text came last`);
  await next.stop();
});
