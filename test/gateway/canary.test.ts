// The whole program sends itself messages: they come back, nobody sees them, and the books hold.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { makeHome, startGateway } from "./program.ts";

test("a canary goes the whole way, again and again, and no list, event or session of people shows it", async (t) => {
  const home = makeHome(t);
  home.configure({
    agents: {
      list: [
        {
          id: "main",
          model: { primary: "echo/default" },
          canary: { every: "1s" },
          session: { direct: "agent" },
        },
        { id: "other", model: { primary: "echo/default" } },
      ],
    },
  });
  const gateway = await startGateway(t, home);
  const heard: string[] = [];
  const stop = new AbortController();
  const stream = await fetch(`${gateway.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${gateway.token}` },
    signal: stop.signal,
  });
  const listening = (async () => {
    try {
      for await (const chunk of stream.body ?? []) heard.push(Buffer.from(chunk).toString());
    } catch (error) {
      assert.equal((error as Error).name, "AbortError");
    }
  })();
  const answers = () => gateway.lines.filter(({ event }) => event === "canary.answered");
  for (const until = Date.now() + 20_000; answers().length < 3 && Date.now() < until; await wait(50));
  assert.ok(answers().length >= 3, `${answers().length} canaries answered`);
  const { json: sent } = await gateway.api("/api/v1/messages?wait=20", { body: { text: "hello", id: "x" } });
  assert.equal((sent["message"] as { session: string }).session, "agent:main:main");

  const { json } = await gateway.api("/api/v1/messages");
  assert.deepEqual(
    (json["messages"] as { text: string }[]).map(({ text }) => text),
    ["hello"],
  );
  const { json: sessions } = await gateway.api("/api/v1/sessions");
  assert.deepEqual(
    (sessions["sessions"] as { key: string }[]).map(({ key }) => key),
    ["agent:main:main"],
  );
  const { json: own } = await gateway.api("/api/v1/messages?conversation=web/default/canary%252Fmain");
  const states = (own["messages"] as { state: string; session: string }[]).map(({ session }) => session);
  assert.ok(states.length >= 3 && new Set(states).size === 1 && states[0] !== "agent:main:main");
  stop.abort();
  await listening;
  assert.ok(heard.join("").includes('"conversation":"main"'), "the watcher heard people's messages");
  assert.ok(!heard.join("").includes("canary"), "and no canary");

  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const value = (name: string): number =>
    Number(new RegExp(`^rollcall_${name.replace(/[{}]/g, "\\$&")} (.*)$`, "m").exec(text)?.[1]);
  const came = value('canary_total{agent="main",outcome="answered"}');
  assert.ok(came >= 3);
  assert.equal(value('canary_seconds_count{agent="main"}'), came);
  assert.equal(value('messages_accepted_total{channel="web"}'), 1);
  assert.doesNotMatch(text, /canary_total\{agent="other"/);
  const ms = answers().map((line) => Number(line["ms"]));
  t.diagnostic(`${came} canaries answered, the slowest in ${Math.max(...ms)} ms`);
  await gateway.stop();
});
