// A bit of a page of the real program's store, between two of its runs: what it said is never sent or run, somebody is
// told by the first look at everything, and everybody else is served.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { startWebhook, type FakeWebhook } from "../fakes/webhook.ts";
import { makeHome, replyOf, startGateway, type Gateway, type Home } from "../gateway/program.ts";
import type { TestContext } from "node:test";

const SECRET = "abracadabra";

function configure(home: Home, hook: FakeWebhook, candidate: string): void {
  home.configure({
    agents: { list: [{ id: "main", model: { primary: candidate } }] },
    harnesses: { away: { kind: "claude-cli", command: "/nowhere/claude" } },
    alerts: { routes: [{ kind: "webhook", url: hook.url }] },
  });
}

/** Flips one bit of a text wherever it stands in the database's file. Returns how often it did. */
function flip(home: Home, text: string): number {
  const path = join(home.state, "store.db");
  const bytes = readFileSync(path);
  let count = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    bytes[at] = (bytes[at] ?? 0) ^ 2;
    count += 1;
  }
  writeFileSync(path, bytes);
  return count;
}

interface Rig {
  readonly home: Home;
  readonly hook: FakeWebhook;
}

/** A state directory whose gateway was stopped while two messages were held. */
async function held(t: TestContext): Promise<Rig & { readonly ids: readonly string[] }> {
  const hook = await startWebhook(t);
  const home = makeHome(t);
  configure(home, hook, "away/default");
  const gateway = await startGateway(t, home, { ready: false });
  const ids: string[] = [];
  for (const [conversation, text] of [
    ["a", `the word is ${SECRET}`],
    ["b", "a word of somebody else"],
  ]) {
    const { json } = await gateway.api("/api/v1/messages", { body: { conversation, text } });
    ids.push((json["message"] as { id: string }).id);
  }
  assert.equal(await gateway.stop(), 0);
  return { home, hook, ids };
}

async function messageOf(gateway: Gateway, id: string): Promise<Record<string, unknown>> {
  return (await gateway.api(`/api/v1/messages/${id}`)).json["message"] as Record<string, unknown>;
}

test("a bit of a message that waits: it is set aside at the start, the other one is answered", async (t) => {
  const { home, hook, ids } = await held(t);
  assert.ok(flip(home, SECRET) > 0);
  configure(home, hook, "echo/default");
  const begun = performance.now();
  const gateway = await startGateway(t, home);
  const alert = await hook.next(({ json }) => json["code"] === "store-corrupt");
  const [damaged = "", other = ""] = ids;
  while ((await messageOf(gateway, other))["state"] !== "done") await wait(20);
  const shown = await messageOf(gateway, damaged);
  assert.deepEqual([shown["state"], shown["text"]], ["quarantined", ""]);
  assert.equal(gateway.lines.filter(({ event }) => event === "turn.started").length, 1);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert.match(metrics, /^rollcall_store_damages_total\{part="entry"\} 1$/m);
  t.diagnostic(
    `a flipped bit of a waiting message: served wrong 0, told ${((alert.at - begun) / 1000).toFixed(2)} s after the start began`,
  );
  assert.equal(await gateway.stop(), 0);
});

test("a bit of an answer that was sent: the first look at everything finds it, and nobody is shown it", async (t) => {
  const hook = await startWebhook(t);
  const home = makeHome(t);
  configure(home, hook, "echo/default");
  const first = await startGateway(t, home);
  const { json } = await first.api("/api/v1/messages?wait=20", { body: { text: SECRET } });
  assert.equal(replyOf(json), SECRET);
  const { id } = json["message"] as { id: string };
  await first.stop();
  // Of the answer alone.
  const db = new DatabaseSync(join(home.state, "store.db"));
  const { reply } = db.prepare("SELECT reply FROM turns").get() as { reply: string };
  db.close();
  assert.ok(flip(home, reply) > 0);
  const second = await startGateway(t, home);
  const listening = await second.logged("gateway.listening");
  const scanned = await second.logged("store.scanned");
  const alert = await hook.next((posted) => posted.json["code"] === "store-corrupt");
  assert.match(String(alert.json["summary"]), /The store is damaged: turn t_/);
  const shown = await messageOf(second, id);
  assert.equal(shown["reply"], null);
  const took = Date.parse(String(scanned["time"])) - Date.parse(String(listening["time"]));
  t.diagnostic(
    `a flipped bit of an answer at its end: found by the first look, which ended ${took} ms after listening`,
  );
  assert.equal(await second.stop(), 0);
});
