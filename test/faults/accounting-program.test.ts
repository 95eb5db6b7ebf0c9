// A row and a counter changed behind the back of the real program are told by its next start: log, metric, API, alert.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { makeHome, startGateway, type Gateway, type Home } from "../gateway/program.ts";

/** What nobody should ever do. The gateway must not be running. */
function meddle(home: Home, sql: string): void {
  const db = new DatabaseSync(join(home.state, "store.db"));
  db.exec(sql);
  db.close();
}

async function metric(gateway: Gateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(new RegExp(`^rollcall_${name} (.*)$`, "m").exec(text)?.[1]);
}

test("what was changed behind the store's back is told within one recount of the next start", async (t) => {
  const home = makeHome(t);
  home.configure({ agents: { list: [{ id: "main", model: { primary: "echo/default" } }] } });
  const first = await startGateway(t, home);
  for (const id of ["one", "two", "three"])
    await first.api("/api/v1/messages?wait=20", { body: { text: id, id } });
  await first.stop();
  assert.ok(
    !first.lines.some(({ event }) => event.startsWith("accounting.")),
    "balanced as long as nobody meddles",
  );

  meddle(home, "DELETE FROM entries WHERE seq = 2; INSERT INTO counters VALUES ('intake:refused', 5)");
  const second = await startGateway(t, home);
  const line = await second.logged("accounting.difference");
  assert.deepEqual(line["imbalances"], [
    { what: "received", kept: 3, counted: 8 },
    { what: "accepted", kept: 3, counted: 2 },
    { what: "done", kept: 3, counted: 2 },
  ]);
  assert.equal(await metric(second, "accounting_difference"), 7);
  const { json } = await second.api("/api/v1/health");
  assert.equal(json["accountingDifference"], 7);
  assert.equal((json["recount"] as { entries: number }).entries, 2);
  const alerts = (await second.api("/api/v1/alerts")).json["alerts"] as { code: string; subject: string }[];
  assert.deepEqual(
    alerts.filter(({ code }) => code === "accounting-difference").map(({ subject }) => subject),
    ["store"],
  );
  const after =
    Date.parse(String(line["time"])) - Date.parse(String((await second.logged("gateway.listening"))["time"]));
  t.diagnostic(`a deleted row and a raised counter: told ${after} ms after the port was open`);
  await second.stop();

  meddle(
    home,
    "DELETE FROM counters WHERE name = 'intake:refused'; UPDATE counters SET value = value - 1 WHERE name IN ('intake:received', 'intake:accepted', 'entries:done')",
  );
  const third = await startGateway(t, home);
  const counted = async () => (await third.api("/api/v1/health")).json["recount"] !== null;
  while (!(await counted())) await wait(20);
  assert.equal(await metric(third, "accounting_difference"), 0);
  await third.stop();
});
