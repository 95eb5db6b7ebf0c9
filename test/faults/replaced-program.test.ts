// The packages are taken away under the running gateway, as an update does for a moment or for good: whatever it needs
// was loaded before. The gateway runs from a copy of the project of its own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { startTelegram } from "../fakes/telegram/server.ts";
import { makeHome, replyOf, startGateway, type Gateway, type Home } from "../gateway/program.ts";

const ROOT = join(import.meta.dirname, "../..");
const PERSON = 12345;

/** A copy of the program with packages of its own: hard links where the file system has them. */
function copyProgram(home: Home): string {
  const root = join(home.dir, "program");
  mkdirSync(root);
  for (const part of ["src", "package.json", "package-lock.json"])
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  const packages = join(root, "node_modules");
  if (spawnSync("cp", ["-al", join(ROOT, "node_modules"), packages]).status !== 0)
    cpSync(join(ROOT, "node_modules"), packages, { recursive: true, verbatimSymlinks: true });
  return root;
}

async function startCopy(t: TestContext, first: object = {}) {
  const telegram = await startTelegram({ token: "1:secret-of-the-test", limits: "off" });
  t.after(() => telegram.close());
  const home = makeHome(t);
  const { token, root: apiRoot } = telegram;
  const configure = (change: object): void => home.configure({ ...declared, ...change });
  const declared = {
    owners: [`telegram/default/${PERSON}`],
    agents: { list: [{ id: "main", model: { primary: "echo/default", fallbacks: ["claude-cli/default"] } }] },
    harnesses: { echo: { delay: "20ms" }, "claude-cli": { command: process.execPath } },
    channels: { telegram: { accounts: { default: { token, apiRoot } } } },
  };
  configure(first);
  const root = copyProgram(home);
  const gateway = await startGateway(t, home, { entry: join(root, "src/main.ts") });
  return { telegram, root, gateway, configure };
}

/** Everything that is done over HTTP, each once. @returns what failed */
async function useAll(gateway: Gateway): Promise<readonly string[]> {
  const failed: string[] = [];
  const use = async (path: string, body?: unknown, method?: string): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${gateway.token}`, "content-type": "application/json" };
    const verb = method ?? (body === undefined ? "GET" : "POST");
    const response = await fetch(`${gateway.url}${path}`, {
      method: verb,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status >= 400) failed.push(`${verb} ${path}: ${response.status} ${text.slice(0, 200)}`);
    return text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
  };
  const file = { name: "a.txt", mime: "text/plain", data: Buffer.from("hello").toString("base64") };
  const sent = await use("/api/v1/messages?wait=20", { text: "over http", attachments: [file] });
  if (!replyOf(sent)?.startsWith("over http")) failed.push(`the answer: ${JSON.stringify(sent)}`);
  const { id } = sent["message"] as { id: string };
  await use(`/api/v1/messages/${id}`);
  await use(`/api/v1/messages/${id}/rerun`, {});
  await use("/api/v1/messages", { text: "say it there", to: `telegram/default/${PERSON}` });
  await use("/api/v1/notify", { text: "**plain**", to: `telegram/default/${PERSON}` });
  for (const path of ["livez", "intakez", "readyz", "healthz", "metrics", ""]) await use(`/${path}`);
  for (const part of ["status", "health", "agents", "harnesses", "channels", "sessions", "messages"])
    await use(`/api/v1/${part}`);
  return failed;
}

async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await look()); await wait(20))
    if (Date.now() > end) throw new assert.AssertionError({ message: `never came: ${what}` });
}

test("packages taken away under the running gateway: it serves, drains and stops as before, and says so", async (t) => {
  const { telegram, root, gateway, configure } = await startCopy(t);
  const restart = async () => (await gateway.api("/api/v1/status")).json["restartNeeded"];
  assert.equal(await restart(), null);
  // At once: nothing was used before that could have loaded something.
  renameSync(join(root, "node_modules"), join(root, "node_modules.old"));
  const broken = await useAll(gateway);
  assert.deepEqual(broken, []);
  telegram.say("a *list*:\n\n- `one`\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |");
  telegram.say("/status");
  const texts = (): readonly string[] => telegram.chat(PERSON).messages.map(({ text }) => text);
  await until("the answer to /status", () =>
    texts().some((text) => text.includes("ready") || text.includes("agent")),
  );
  await until("restart needed", async () => (await restart()) !== null);
  assert.match(JSON.stringify(await restart()), /node_modules/);
  configure({ owners: [`telegram/default/${PERSON}`, "telegram/default/777"] });
  gateway.signal("SIGHUP");
  await gateway.logged("registry.swapped");
  const faults = gateway.lines.filter(({ level }) => level === "error" || level === "fatal");
  assert.deepEqual(
    faults.filter(({ event }) => event !== "harness.unavailable"),
    [],
  );
  await gateway.api("/api/v1/messages", { body: { text: "words in mid turn ".repeat(5), id: "last" } });
  const code = await gateway.stop();
  assert.equal(code, 0, gateway.stderr());
  assert.equal(gateway.lines.at(-1)?.event, "gateway.stopped");
  assert.doesNotMatch(JSON.stringify(gateway.lines), /ERR_MODULE_NOT_FOUND|Cannot find (module|package)/);
  t.diagnostic(
    `failures ${broken.length} after the packages were gone; exit ${code}; "restart needed" was said`,
  );
});

test("put back as it was, nothing needs a restart; a changed file of the program does", async (t) => {
  const { root, gateway } = await startCopy(t);
  const restart = async () =>
    ((await gateway.api("/api/v1/status")).json["restartNeeded"] as { reason: string } | null)?.reason;
  renameSync(join(root, "node_modules"), join(root, "gone"));
  await until("restart needed", async () => (await restart()) !== undefined);
  renameSync(join(root, "gone"), join(root, "node_modules"));
  await until("no restart needed", async () => (await restart()) === undefined);
  symlinkSync("/nowhere", join(root, "unrelated"));
  writeFileSync(join(root, "package.json"), '{ "type": "module", "version": "9.9.9" }');
  await until("restart needed", async () => (await restart()) !== undefined);
  assert.equal(await restart(), "package.json changed since the start");
  await gateway.stop();
});

test("a reload that needs a package that is gone is refused, and the gateway serves on", async (t) => {
  const { root, gateway, configure } = await startCopy(t, { channels: {} });
  renameSync(join(root, "node_modules"), join(root, "gone"));
  configure({});
  gateway.signal("SIGHUP");
  await gateway.logged("reload.rejected");
  const { json } = await gateway.api("/api/v1/messages?wait=20", { body: { text: "still there" } });
  assert.equal(replyOf(json), "still there");
  assert.equal(await gateway.stop(), 0);
});
