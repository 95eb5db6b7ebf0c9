// A store that isn't what was confirmed any more: the real program doesn't come up on it, says so, and tells somebody.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startWebhook, type FakeWebhook } from "../fakes/webhook.ts";
import { makeHome, runProgram, startGateway, type Gateway, type Home } from "../gateway/program.ts";

interface Rig {
  readonly hook: FakeWebhook;
  readonly home: Home;
  /** Absolute path of a file of the state directory. */
  readonly at: (file: string) => string;
}

function rig(hook: FakeWebhook, home: Home): Rig {
  return { hook, home, at: (file) => join(home.state, file) };
}

async function told(gateway: Gateway, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const { status } = await gateway.api("/api/v1/messages?wait=20", { body: { text: `message ${n}` } });
    assert.equal(status, 200);
  }
}

/** A gateway that answered some messages, with a copy of its database from before the last of them. */
async function ran(t: TestContext, end: "stop" | "kill"): Promise<Rig> {
  const hook = await startWebhook(t);
  const home = makeHome(t);
  home.configure({
    agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
    alerts: { routes: [{ kind: "webhook", url: hook.url }] },
  });
  const made = rig(hook, home);
  const first = await startGateway(t, home);
  await told(first, 2);
  await first.stop();
  copyFileSync(made.at("store.db"), made.at("old.db"));
  const second = await startGateway(t, home);
  await told(second, 2);
  await second[end]();
  return made;
}

/** What may happen to a store, and what the start says of it. */
const LOSSES: Readonly<
  Record<string, { readonly end: "stop" | "kill"; readonly spoil: (rig: Rig) => void; readonly says: RegExp }>
> = {
  "the database was deleted": {
    end: "stop",
    spoil: ({ at }) => rmSync(at("store.db")),
    says: /the database is gone/,
  },
  "an old copy was put back": {
    end: "stop",
    spoil: ({ at }) => copyFileSync(at("old.db"), at("store.db")),
    says: /its mark says \d+ commits, and the database has \d+/,
  },
  "the mark was lost": { end: "stop", spoil: ({ at }) => rmSync(at("store.mark")), says: /its mark is gone/ },
  "the log was deleted": {
    end: "kill",
    spoil: ({ at }) => rmSync(at("store.db-wal")),
    says: /its mark says \d+ commits, and the database has \d+/,
  },
  "one bit of the log flipped": {
    end: "kill",
    spoil: ({ at }) => {
      const bytes = readFileSync(at("store.db-wal"));
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 4;
      writeFileSync(at("store.db-wal"), bytes);
    },
    says: /its mark says \d+ commits, and the database has \d+/,
  },
};

for (const [what, { end, spoil, says }] of Object.entries(LOSSES)) {
  test(`${what}: the next start ends with 73, each time, and one alert tells of it`, async (t) => {
    const made = await ran(t, end);
    const { hook, home, at } = made;
    spoil(made);
    const mark = existsSync(at("store.mark")) ? readFileSync(at("store.mark"), "utf8") : null;
    const began = performance.now();
    for (let n = 0; n < 2; n++) {
      const start = runProgram(t, home, "start", { args: ["--port", "0"] });
      assert.equal((await start.exited).code, 73);
      assert.match(start.stderr(), says);
      assert.match(start.stderr(), /rollcall restore FILE.*rollcall restore --accept-loss/);
      assert.ok(!start.lines.some(({ event }) => event === "gateway.listening"));
    }
    const alerts = hook.got.filter(({ json }) => json["code"] === "store-behind");
    assert.equal(alerts.length, 1);
    assert.equal(alerts[0]?.json["severity"], "critical");
    assert.equal(existsSync(at("store.mark")) ? readFileSync(at("store.mark"), "utf8") : null, mark);
    t.diagnostic(
      `${what}: exit 73, told after ${(((alerts[0]?.at ?? 0) - began) / 1000).toFixed(2)} s, alerts 1 of 2 starts`,
    );
  });
}
