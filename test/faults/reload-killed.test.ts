// Killed in the middle of reloads: the next start has one configuration or the other, whole, and every message is
// answered once.
import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { makeHome, startGateway, type Gateway, type Home, type Line } from "../gateway/program.ts";
import { mixed } from "../sweeps/reload-load.ts";

const KILLS = 5;

/** Two configurations that share no harness and no second agent. */
function configure(home: Home, round: number): void {
  const turn = round % 2 === 0 ? "even" : "odd";
  const model = { primary: `${turn}/default` };
  const config = {
    agents: {
      list: [
        { id: "main", model },
        { id: turn, model },
      ],
    },
    harnesses: { [turn]: { kind: "echo", delay: "20ms" } },
  };
  writeFileSync(`${home.config}.next`, JSON.stringify(config));
  renameSync(`${home.config}.next`, home.config);
}

const rollOf = (lines: readonly Line[]): string =>
  JSON.stringify(lines.find(({ event }) => event === "registry.sealed")?.["roll"]);

/** Reloads without a pause until the gateway is gone. */
async function reloadOn(gateway: Gateway, home: Home, from: number): Promise<number> {
  let round = from;
  try {
    for (;;) {
      configure(home, ++round);
      await gateway.api("/api/v1/reload", { body: {} });
    }
  } catch {
    return round;
  }
}

test(`killed ${KILLS} times between reloads and within them: old or new, whole; nothing is lost or answered twice`, async (t) => {
  const home = makeHome(t);
  let round = 0;
  let turnsMixed = 0;
  let swaps = 0;
  let sent = 0;
  configure(home, round);
  for (let kill = 0; kill < KILLS; kill++) {
    const gateway = await startGateway(t, home);
    assert.ok(
      ['["main: even/default","even: even/default"]', '["main: odd/default","odd: odd/default"]'].includes(
        rollOf(gateway.lines),
      ),
      rollOf(gateway.lines),
    );
    const reloading = reloadOn(gateway, home, round);
    const writing = Array.from({ length: 5 }, async () => {
      const id = `m-${sent++}`;
      const body = { id, text: `words of ${id} end`, conversation: id };
      // A message whose acceptance nobody saw is sent again with the same id, as clients do.
      await gateway.api("/api/v1/messages", { body }).catch(() => undefined);
      return body;
    });
    await gateway.logged("registry.swapped");
    await wait(kill * 11);
    await gateway.kill();
    round = await reloading;
    turnsMixed += mixed(gateway.lines);
    swaps += gateway.lines.filter(({ event }) => event === "registry.swapped").length;
    const bodies = await Promise.all(writing);
    const next = await startGateway(t, home);
    const check = async (body: (typeof bodies)[number]): Promise<void> => {
      const { status, json } = await next.api("/api/v1/messages?wait=30", { body });
      assert.equal(status, 200);
      const { state, reply } = json["message"] as { state: string; reply: { text: string } };
      assert.equal(state, "done");
      assert.equal(reply.text.match(/words of/g)?.length, 1);
      assert.ok(reply.text.includes(body.text));
    };
    await Promise.all(bodies.map(check));
    turnsMixed += mixed(next.lines);
    await next.kill();
  }
  const last = await startGateway(t, home);
  const { json } = await last.api("/api/v1/messages?limit=200");
  assert.equal((json["messages"] as unknown[]).length, sent);
  assert.equal(turnsMixed, 0);
  t.diagnostic(`${KILLS} kills among ${swaps} swaps: mixed ${turnsMixed}, messages ${sent}, lost 0`);
  await last.stop();
});
