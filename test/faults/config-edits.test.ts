// What an editor, a deployment or a full disk can do to the configuration of a gateway that runs.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { makeHome, replyOf, startGateway, type Gateway, type Home } from "../gateway/program.ts";

const sound = `{
  agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
  harnesses: { echo: { delay: "0ms" } },
}
`;
const edited = sound.replace('"0ms"', '"1ms"');

const count = (gateway: Gateway, event: string): number =>
  gateway.lines.filter((line) => line.event === event).length;

/** Resolves with how long the n-th line took to come, in milliseconds. */
async function counted(gateway: Gateway, event: string, n: number): Promise<number> {
  const begun = Date.now();
  for (; count(gateway, event) < n; await wait(10))
    assert.ok(
      Date.now() - begun < 20_000,
      `${event} never came ${n} times: ${JSON.stringify(gateway.lines.slice(-3))}`,
    );
  return Date.now() - begun;
}

const lastRejected = (gateway: Gateway): string =>
  String(gateway.lines.filter(({ event }) => event === "reload.rejected").at(-1)?.msg);

async function serves(gateway: Gateway): Promise<void> {
  const { json } = await gateway.api("/api/v1/messages?wait=20", { body: { text: "are you there" } });
  assert.equal(replyOf(json), "are you there");
  assert.equal((await gateway.api("/readyz")).status, 200);
}

/** States of the incidents about the configuration. */
async function incidents(gateway: Gateway): Promise<readonly unknown[]> {
  const { json } = await gateway.api("/api/v1/alerts");
  const alerts = json["alerts"] as readonly { code: string; status: string }[];
  return alerts.filter(({ code }) => code === "reload-refused").map(({ status }) => status);
}

const nextStart = async (gateway: Gateway) =>
  (await gateway.api("/api/v1/status")).json["nextStart"] as {
    ok: boolean;
    code: string | null;
    reason: string | null;
  };

test("a typo, an unknown key, an unset variable: named by key, the old one serves, the next start is known to fail", async (t) => {
  const home = makeHome(t);
  home.configure(sound);
  const gateway = await startGateway(t, home);
  const faults: readonly (readonly [string, string, RegExp])[] = [
    [
      sound.replace("harnesses", "harneses"),
      "config-invalid",
      /harneses: unknown key; did you mean "harnesses"\?/,
    ],
    [sound.replace('"0ms"', '"0 parsecs"'), "config-invalid", /harnesses\.echo\.delay: expected a duration/],
    [sound.replace("] },", "],"), "config-syntax", /line \d+, column \d+/],
    [
      sound.replace(
        "harnesses:",
        'channels: { telegram: { accounts: { default: { token: { env: "UNSET" } } } } },\n  harnesses:',
      ),
      "secret-unresolved",
      /channels\.telegram\.accounts\.default\.token: the variable UNSET is not set/,
    ],
  ];
  const times: number[] = [];
  for (const [index, [text, code, says]] of faults.entries()) {
    writeFileSync(home.config, text);
    times.push(await counted(gateway, "reload.rejected", index + 1));
    assert.match(lastRejected(gateway), says);
    const next = await nextStart(gateway);
    assert.deepEqual([next.ok, next.code], [false, code]);
    assert.match(next.reason ?? "", says);
    await serves(gateway);
  }
  assert.deepEqual(await incidents(gateway), ["open"]);
  writeFileSync(home.config, sound);
  await counted(gateway, "reload.unchanged", 1);
  assert.deepEqual(await incidents(gateway), ["healed"]);
  assert.equal((await nextStart(gateway)).ok, true);
  assert.equal(count(gateway, "registry.swapped"), 0);
  t.diagnostic(`a fault in the file was found and named within ${Math.max(...times)} ms; swaps 0`);
  await gateway.stop();
});

test("a file that is written in two halves, emptied, removed and put back never swaps anything by halves", async (t) => {
  const home = makeHome(t);
  home.configure(sound);
  const gateway = await startGateway(t, home);
  const half = sound.slice(0, sound.length / 2);
  // Quick writers: the pieces come in less than the time that a file must be left alone.
  for (let at = 0; at <= edited.length; at += 20) {
    writeFileSync(home.config, edited.slice(0, at));
    await wait(30);
  }
  writeFileSync(home.config, edited);
  await counted(gateway, "registry.swapped", 1);
  assert.equal(count(gateway, "reload.rejected"), 0, "nobody saw the pieces");

  // Slow writers: the half is seen, and refused.
  const steps: readonly (readonly [() => void, string])[] = [
    [() => writeFileSync(home.config, half), "a half"],
    [() => writeFileSync(home.config, ""), "nothing"],
    [() => writeFileSync(home.config, "   \n"), "blanks"],
    [() => rmSync(home.config), "no file"],
  ];
  for (const [index, [spoil, what]] of steps.entries()) {
    spoil();
    await counted(gateway, "reload.rejected", index + 1);
    assert.equal((await nextStart(gateway)).ok, false, what);
    await serves(gateway);
  }
  writeFileSync(home.config, edited);
  await counted(gateway, "reload.unchanged", 1);
  assert.equal(count(gateway, "registry.swapped"), 1);
  assert.equal((await nextStart(gateway)).ok, true);
  t.diagnostic(`swaps by a part of a file 0 of ${steps.length + Math.ceil(edited.length / 20)}`);
  await gateway.stop();
});

test("a beginning that would be valid by itself is not taken up either", async (t) => {
  const home: Home = { ...makeHome(t) };
  const yaml = `${home.dir}/rollcall.yaml`;
  const whole = [
    "agents:",
    "  list:",
    "    - id: main",
    "      model: { primary: echo/default }",
    "    - id: second",
    "      model: { primary: echo/default }",
    "",
  ].join("\n");
  writeFileSync(yaml, whole);
  const gateway = await startGateway(t, home, { args: ["--config", yaml] });
  writeFileSync(yaml, whole.slice(0, whole.indexOf("    - id: second")));
  await counted(gateway, "reload.rejected", 1);
  assert.match(lastRejected(gateway), /is the beginning of what it was/);
  const agents = (await gateway.api("/api/v1/agents")).json["agents"] as unknown[];
  assert.equal(agents.length, 2);
  // A person who means it says so.
  assert.deepEqual((await gateway.api("/api/v1/reload", { body: {} })).json, { generation: 2 });
  t.diagnostic("swaps by a valid half 0");
  await gateway.stop();
});

test("an edit is taken up by itself, once", async (t) => {
  const home = makeHome(t);
  home.configure(sound);
  const gateway = await startGateway(t, home);
  writeFileSync(home.config, edited);
  const took = await counted(gateway, "registry.swapped", 1);
  await wait(1500);
  assert.equal(count(gateway, "registry.swapped"), 1);
  t.diagnostic(`an edit serves after ${took} ms`);
  await gateway.stop();
});
