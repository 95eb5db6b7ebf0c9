import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { call } from "../cli/call.ts";
import { fakeClaude } from "../fakes/harness/fake-claude.ts";
import { makeHome, startGateway } from "./program.ts";

interface Message {
  readonly id: string;
  readonly state: string;
  readonly hold: { readonly code: string } | null;
}

test("a stale message of the API is shown, listed and released, by command and by path, on a gateway and without one", async (t) => {
  const home = makeHome(t);
  const claude = fakeClaude({ dir: join(home.dir, "claude") });
  const hold = { noticeAfter: "1m", askAfter: "50ms", max: "24h" };
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "claude-cli/default" }, workspace: home.dir, hold }] },
    harnesses: { "claude-cli": { command: claude.command } },
  });
  renameSync(claude.command, `${claude.command}.away`);
  const gateway = await startGateway(t, home, { env: claude.env, ready: false });
  const ids: string[] = [];
  for (const conversation of ["a", "b", "c", "d"]) {
    const { json } = await gateway.api("/api/v1/messages", { body: { text: "hello", conversation } });
    ids.push((json["message"] as Message).id);
  }
  const look = async (id: string): Promise<Message> =>
    (await gateway.api(`/api/v1/messages/${id}`)).json["message"] as Message;
  const until = async (id: string | undefined, is: (message: Message) => boolean): Promise<void> => {
    while (!is(await look(id ?? ""))) await pause(20);
  };
  for (const id of ids) await until(id, ({ state }) => state === "held");
  await pause(60);
  renameSync(`${claude.command}.away`, claude.command);
  for (const id of ids) await until(id, ({ hold }) => hold?.code === "hold-stale");
  assert.equal(claude.prompts().length, 0, "nothing runs before somebody says so");

  const run = async (...args: string[]): Promise<number | null> =>
    (await call(["messages", ...args, "--state", home.state])).exit;
  const [first, second, third, fourth] = ids;
  assert.equal((await gateway.api(`/api/v1/messages/${first}/release`, { body: {} })).status, 200);
  await until(first, ({ state }) => state === "done");
  assert.equal((await gateway.api(`/api/v1/messages/${first}/release`, { body: {} })).status, 409);
  assert.equal(await run("release", second ?? ""), 0);
  await until(second, ({ state }) => state === "done");
  assert.equal(await run("release"), 64);
  assert.equal(await run("release", "m_none"), 66);
  assert.equal(await run("cancel", third ?? ""), 0);
  assert.equal((await look(third ?? "")).state, "cancelled");

  const { json, status } = await gateway.api("/api/v1/messages/release", {
    body: { held: true, agent: "mian" },
  });
  assert.deepEqual([status, json["code"]], [404, "agent-unknown"]);
  assert.equal((await gateway.api("/api/v1/messages/release", { body: {} })).status, 400);
  assert.equal(await gateway.stop(), 0);
  assert.equal(await run("release", "--held", "--agent", "main"), 0);
  const next = await startGateway(t, home, { env: claude.env });
  for (;;) {
    const { json: found } = await next.api(`/api/v1/messages/${fourth}`);
    if ((found["message"] as Message).state === "done") break;
    await pause(20);
  }
  assert.equal(claude.prompts().length, 3);
  assert.equal(await next.stop(), 0);
});
