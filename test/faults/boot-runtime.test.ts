// A plugin's harness in a running gateway: used like a built-in one, and its faults stay its own.
import assert from "node:assert/strict";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import { makeHome, replyOf, startGateway, type Gateway, type Home } from "../gateway/program.ts";

const PARROT = fileURLToPath(new URL("../fixtures/plugins/parrot.ts", import.meta.url));

function parrotHome(t: TestContext): Home {
  const home = makeHome(t);
  mkdirSync(join(home.dir, "plugins"));
  cpSync(PARROT, join(home.dir, "plugins", "parrot.ts"));
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "polly/default" } }] },
    harnesses: { polly: { kind: "parrot", word: "hello" } },
    plugins: ["./plugins/parrot.ts"],
  });
  return home;
}

async function ask(gateway: Gateway, text: string, id = text): Promise<string | undefined> {
  const { json } = await gateway.api("/api/v1/messages?wait=30", { body: { text, id } });
  return replyOf(json);
}

test("a harness of a plugin is used like a built-in one", async (t) => {
  const gateway = await startGateway(t, parrotHome(t));
  assert.equal(await ask(gateway, "pretty bird"), "hello: pretty bird pretty bird");
  const { json } = await gateway.api("/api/v1/status");
  assert.deepEqual(
    (json["harnesses"] as { id: string; kind: string }[]).map(({ id, kind }) => ({ id, kind })),
    [{ id: "polly", kind: "parrot" }],
  );
  assert.equal(gateway.lines.find(({ event }) => event === "parrot.registered")?.["component"], "parrots");
  assert.equal(await gateway.stop(), 0);
});

test("a rejection that nobody waits for is logged with its origin, and nothing else happens", async (t) => {
  const gateway = await startGateway(t, parrotHome(t));
  assert.equal(await ask(gateway, "reject"), "hello: reject reject");
  const line = await gateway.logged("process.rejection");
  assert.equal(line["plugin"], "./plugins/parrot.ts");
  assert.match(
    line.msg ?? "",
    /unhandled rejection in plugin "\.\/plugins\/parrot\.ts" .*parrot\.ts:\d+.*nobody waits for this/,
  );
  assert.equal(await ask(gateway, "still there"), "hello: still there still there");
  assert.equal((await gateway.api("/readyz")).status, 200);
  assert.equal(await gateway.stop(), 0);
});

test("an exception that nobody catches ends the gateway in order, and loses nothing", async (t) => {
  const home = parrotHome(t);
  const gateway = await startGateway(t, home);
  const answers = ["one", "throw", "two"].map((text) => ask(gateway, text).catch(() => undefined));
  const begun = performance.now();
  const { code } = await gateway.exited;
  const ms = performance.now() - begun;
  await Promise.all(answers);
  assert.equal(code, 1);
  const line = await gateway.logged("process.exception");
  assert.equal(line.level, "fatal");
  assert.match(
    line.msg ?? "",
    /CRITICAL: uncaught exception in plugin "\.\/plugins\/parrot\.ts" .*fallOffThePerch.*nobody catches this/,
  );
  assert.ok(gateway.lines.some(({ event }) => event === "gateway.draining"));
  assert.match(gateway.stderr(), /uncaught exception/);

  const next = await startGateway(t, home);
  const list = (await next.api("/api/v1/messages")).json["messages"] as {
    id: string;
    clientId: string;
    state: string;
  }[];
  const lost = ["one", "throw", "two"].filter((id) =>
    list.some((m) => m.clientId === id && m.state === "dead"),
  );
  for (const { id } of list) assert.equal(await endOf(next, id), "done");
  t.diagnostic(`ended ${Math.round(ms)} ms after the messages; ${list.length} accepted, lost ${lost.length}`);
  assert.deepEqual(lost, []);
  await next.stop();
});

async function endOf(gateway: Gateway, id: string): Promise<string> {
  for (;;) {
    const { json } = await gateway.api(`/api/v1/messages/${id}`);
    const { state } = json["message"] as { state: string };
    if (!["queued", "held", "running", "answered"].includes(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a loop that is blocked for 6 s is named while it is, and shown on /livez afterwards", async (t) => {
  const gateway = await startGateway(t, parrotHome(t));
  await gateway.logged("watch.started");
  const asked = ask(gateway, "block");
  const line = await gateway.logged("loop.blocked");
  assert.equal(line["plugin"], "./plugins/parrot.ts");
  assert.match(String(line["where"]), /^preenFeathers \(file:.*parrot\.ts:\d+\)$/);
  const live = await fetch(`${gateway.url}/livez`);
  assert.equal(live.status, 503);
  assert.equal(await asked, "hello: block block");
  const after = await gateway.logged("loop.stalled");
  assert.equal((await gateway.api("/readyz")).status, 200, "nothing else is said to be wrong");
  t.diagnostic(
    `named from outside after ${String(line["ms"])} ms; seen by the loop as ${String(after["ms"])} ms`,
  );
  await gateway.stop();
});
