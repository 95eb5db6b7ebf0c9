// Backups of the real program while messages come in, put back elsewhere: nothing is held up, nothing is missing, and
// nothing is answered twice.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeHome, startGateway, type Gateway, type Home } from "../gateway/program.ts";

const ENTRY = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const CONFIG = {
  agents: { list: [{ id: "main", model: { primary: "echo/default" } }] },
  harnesses: { echo: {} },
};

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function rollcall(home: Home, ...argv: readonly string[]): Promise<Ran> {
  const args = [ENTRY, ...argv, "--state", home.state];
  const env = { PATH: process.env["PATH"] ?? "", HOME: home.dir, LANG: "C.UTF-8" };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: home.dir, env }, (error, out, err) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err }),
    );
  });
}

/** Sends from several clients until `enough`; what was accepted, and how long each took. */
async function load(
  gateway: Gateway,
  round: string,
  enough: () => boolean,
): Promise<{ readonly ids: readonly string[]; readonly took: readonly number[] }> {
  const ids: string[] = [];
  const took: number[] = [];
  const client = async (name: string): Promise<void> => {
    for (let n = 0; !enough(); n++) {
      const begun = performance.now();
      const body = { text: `${round} ${n} ${"so ".repeat(400)}`, conversation: `${name}-${n % 5}` };
      const { status, json } = await gateway.api("/api/v1/messages", { body });
      assert.equal(status, 202, JSON.stringify(json));
      took.push(performance.now() - begun);
      ids.push((json["message"] as { id: string }).id);
    }
  };
  await Promise.all(["a", "b", "c", "d"].map(client));
  return { ids, took };
}

function after(span: number): () => boolean {
  const until = performance.now() + span;
  return () => performance.now() > until;
}

async function allAnswered(gateway: Gateway): Promise<void> {
  for (;;) {
    const { json } = await gateway.api("/api/v1/messages?state=queued,running,answered&limit=1");
    if ((json["messages"] as unknown[]).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function times(took: readonly number[]): string {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0);
  return `median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms, worst ${at(0.9999)} ms of ${sorted.length}`;
}

interface Shown {
  readonly state: string;
  readonly reply: { readonly text: string } | null;
  readonly history: readonly { readonly event: string }[];
}

async function shown(gateway: Gateway, id: string): Promise<Shown> {
  const { status, json } = await gateway.api(`/api/v1/messages/${id}`);
  assert.equal(status, 200, id);
  return json["message"] as Shown;
}

const answers = ({ history }: Shown): number => history.filter(({ event }) => event === "answered").length;

test("a backup under load holds nothing up, and is whole when it is put back elsewhere", async (t) => {
  const [here, there] = [makeHome(t), makeHome(t)];
  here.configure(CONFIG);
  const gateway = await startGateway(t, here);
  await load(gateway, "warm", after(1500));
  const quiet = await load(gateway, "before", after(4000));
  await allAnswered(gateway);

  const file = join(here.dir, "backup.tar.gz");
  const ended = new AbortController();
  let backups = 0;
  const backing = (async () => {
    for (; backups < 3; backups++) {
      const ran = await rollcall(here, "backup", file, "--json");
      assert.equal(ran.code, 0, ran.err);
    }
  })().finally(() => ended.abort());
  const busy = await load(gateway, "during", () => ended.signal.aborted);
  await backing;
  const later = await load(gateway, "after", after(2000));
  t.diagnostic(
    `accepting, before: ${times(quiet.took)}; during ${backups} backups: ${times(busy.took)}; after: ${times(later.took)}`,
  );
  assert.ok(!readdirSync(here.state).some((name) => name.startsWith(".backup")));
  await gateway.kill();

  const back = await rollcall(there, "restore", file, "--json");
  assert.equal(back.code, 0, back.err);
  const restored = JSON.parse(back.out) as { waiting: number; inDoubt: number; config: string };
  cpSync(restored.config, there.config);
  assert.equal((await rollcall(there, "check", "--config", there.config)).code, 0);
  const again = await startGateway(t, there);
  const { json } = await again.api("/api/v1/health");
  assert.equal(json["accountingDifference"] ?? 0, 0);
  let repeated = 0;
  for (const id of quiet.ids) {
    const message = await shown(again, id);
    assert.notEqual(message.state, "dead");
    if (answers(message) > 1) repeated += 1;
  }
  assert.equal(repeated, 0, "what was answered isn't answered again");
  t.diagnostic(
    `put back: ${quiet.ids.length} messages from before are there, ${restored.waiting} waited, ${restored.inDoubt} sends in doubt`,
  );
  const one = await again.api("/api/v1/messages?wait=20", { body: { text: "hello" } });
  assert.equal(one.status, 200);
  assert.equal(await again.stop(), 0);
});

test("a restore is refused while the gateway runs, and by an older file without a word", async (t) => {
  const here = makeHome(t);
  here.configure(CONFIG);
  const gateway = await startGateway(t, here);
  const said = await gateway.api("/api/v1/messages?wait=20", { body: { text: "one" } });
  assert.equal(said.status, 200);
  const file = join(here.dir, "backup.tar.gz");
  assert.equal((await rollcall(here, "backup", file)).code, 0);
  const lost = await gateway.api("/api/v1/messages?wait=20", { body: { text: "two" } });
  const { id } = lost.json["message"] as { id: string };
  const running = await rollcall(here, "restore", file);
  assert.equal(running.code, 75);
  assert.ok(running.err.includes(String(gateway.pid)));
  assert.equal(await gateway.stop(), 0);

  const older = await rollcall(here, "restore", file);
  assert.equal(older.code, 73);
  assert.match(older.err, /1 message came after the backup/);
  assert.equal((await rollcall(here, "restore", file, "--accept-loss")).code, 0);
  assert.ok(existsSync(here.config), "the configuration that is there stays");
  const again = await startGateway(t, here);
  assert.equal((await again.api(`/api/v1/messages/${id}`)).status, 404);
  assert.equal(await again.stop(), 0);
});
