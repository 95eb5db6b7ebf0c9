// The real routes against real servers and programs of this machine.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { tryRoute } from "../../src/alerts/deliver.ts";
import { alertOf } from "../../src/alerts/words.ts";
import type { RollcallError } from "../../src/core/errors.ts";
import { ALERT_ROUTE_KINDS } from "../../src/gateway/catalog.ts";
import { sectionOf } from "../../src/gateway/section-of.ts";
import { createSendHttp } from "../../src/gateway/send-http.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createProcesses } from "../../src/platform/processes.ts";
import { systemRandom } from "../../src/platform/random.ts";
import type { AlertRoute } from "../../src/ports/alert-route.ts";
import type { RouteReceipt } from "../../src/ports/alerts.ts";
import { sampleIncident } from "../fakes/alerts.ts";
import { silentLog } from "../fakes/silent-log.ts";
import { startSmtp } from "../fakes/smtp.ts";
import { startWebhook } from "../fakes/webhook.ts";

const processes = createProcesses({ clock: systemClock, random: systemRandom, log: silentLog });
const ALERT = alertOf(sampleIncident({ since: Date.UTC(2026, 0, 1) }), "raised", Date.UTC(2026, 0, 1), 0);

async function open(
  kindName: string,
  options: Readonly<Record<string, unknown>>,
  baseDir = tmpdir(),
): Promise<AlertRoute> {
  const kind = await ALERT_ROUTE_KINDS[kindName]?.();
  assert.ok(kind);
  const secrets = { resolve: async (_ref: unknown, at: string) => `secret of ${at}` };
  const section = await sectionOf({ baseDir, secrets }, kind, kindName, options, "alerts.routes[0]");
  const plan = await kind.plan(section);
  return plan.open({
    clock: systemClock,
    processes,
    http: createSendHttp({ ipFamily: "auto" }),
    chats: { problem: () => null, send: async () => ({ ok: true }) },
    env: { PATH: process.env["PATH"] ?? "", HOME: "/home/of-test", ROLLCALL_TOKEN: "not for others" },
    cwd: baseDir,
    host: "box",
    version: "1.2.3",
  });
}

const send = (route: AlertRoute): Promise<RouteReceipt> => tryRoute(systemClock, route, ALERT);

describe("a webhook", () => {
  it("gets the alert as the guide says it, with the configured headers", async (t) => {
    const hook = await startWebhook(t);
    const route = await open("webhook", {
      url: hook.url,
      headers: { authorization: { env: "KEY" }, "x-team": "ops" },
    });
    const receipt = await send(route);
    assert.equal(receipt.outcome, "delivered");
    const [posted] = hook.got;
    assert.ok(posted);
    assert.equal(posted.headers["content-type"], "application/json");
    assert.equal(posted.headers["authorization"], "secret of alerts.routes[0].headers.authorization");
    assert.equal(posted.headers["x-team"], "ops");
    assert.deepEqual(posted.json, {
      id: ALERT.id,
      code: "harness-missing",
      severity: "critical",
      summary: "Agent main can't be served: the program is not there.",
      fix: "Install it.",
      agent: "main",
      harness: "claude-cli",
      incident: ALERT.incident,
      since: "2026-01-01T00:00:00.000Z",
      host: "box",
      version: "1.2.3",
      kind: "raised",
      subject: "agent/main",
      at: "2026-01-01T00:00:00.000Z",
    });
  });

  it("that answers anything but 2xx has not taken it; a redirect isn't followed", async (t) => {
    const hook = await startWebhook(t);
    const route = await open("webhook", { url: hook.url });
    for (const status of [301, 404, 500]) {
      hook.status = status;
      const { outcome, detail } = await send(route);
      assert.deepEqual([outcome, detail], ["failed", `it answered ${status}`]);
    }
  });

  it("that is gone fails at once", async (t) => {
    const hook = await startWebhook(t);
    const route = await open("webhook", { url: hook.url });
    await hook.close();
    const { outcome, detail } = await send(route);
    assert.equal(outcome, "failed");
    assert.match(detail ?? "", /ECONNREFUSED/);
  });

  it("that never answers is left at the deadline", async (t) => {
    const hook = await startWebhook(t);
    hook.status = 0;
    const route = await open("webhook", { url: hook.url });
    const { outcome } = await tryRoute(systemClock, { ...route, deadline: 100 }, ALERT);
    assert.equal(outcome, "failed");
    assert.equal(hook.got.length, 1);
  });

  for (const [what, options] of [
    ["no address", { url: "nowhere" }],
    ["a file", { url: "file:///etc/passwd" }],
    ["an unknown key", { url: "http://127.0.0.1", verb: "PUT" }],
    ["no address at all", {}],
    ["a header with a line break in its name", { url: "http://127.0.0.1", headers: { "a\nb": "c" } }],
  ] as const) {
    it(`with ${what} is refused by the configuration`, async () => {
      await assert.rejects(
        open("webhook", options),
        (error: RollcallError) => error.code === "config-invalid",
      );
    });
  }
});

describe("a command", () => {
  function script(t: TestContext, body: string): { readonly path: string; readonly out: string } {
    const dir = mkdtempSync(join(tmpdir(), "rollcall-command-"));
    t.after(() => rmSync(dir, { recursive: true }));
    const path = join(dir, "notify.sh");
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return { path, out: join(dir, "out") };
  }

  it("gets the alert on its standard input, its arguments, and no secret of ours", async (t) => {
    const { path, out } = script(t, 'cat > "$1"; env >> "$1"');
    const receipt = await send(await open("command", { command: [path, out], env: { TEAM: "ops" } }));
    assert.equal(receipt.outcome, "delivered");
    const [first = "", ...env] = readFileSync(out, "utf8").split("\n");
    assert.equal((JSON.parse(first) as { id: string }).id, ALERT.id);
    assert.ok(env.includes("TEAM=ops") && env.includes("HOME=/home/of-test"));
    assert.equal(
      env.some((line) => line.includes("not for others")),
      false,
    );
  });

  it("that fails says why", async (t) => {
    const { path } = script(t, "echo no such channel >&2; exit 3");
    const { outcome, detail } = await send(await open("command", { command: [path] }));
    assert.deepEqual([outcome, detail], ["failed", "it ended with 3: no such channel"]);
  });

  it("that reads nothing and floods its output is no trouble", async (t) => {
    const { path } = script(t, "head -c 3000000 /dev/zero; exit 0");
    assert.equal((await send(await open("command", { command: [path] }))).outcome, "delivered");
  });

  it("that hangs is ended at the deadline, with its children", async (t) => {
    const { path, out } = script(t, 'sh -c "sleep 30" & echo $! > "$1"; wait');
    const route = await open("command", { command: [path, out] });
    const { outcome } = await tryRoute(systemClock, { ...route, deadline: 300 }, ALERT);
    assert.equal(outcome, "failed");
    const child = Number(readFileSync(out, "utf8"));
    for (let i = 0; i < 200 && alive(child); i++) await systemClock.sleep(10);
    assert.equal(alive(child), false);
  });

  it("that isn't there fails and names it", async () => {
    const { outcome, detail } = await send(await open("command", { command: ["/nowhere/notify"] }));
    assert.equal(outcome, "failed");
    assert.match(detail ?? "", /notify/);
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] !== "Z";
  } catch {
    return false;
  }
}

describe("a mail", () => {
  it("is taken by a real server, with the login of the address", async (t) => {
    const smtp = await startSmtp(t);
    const route = await open("email", {
      smtp: `smtp://ops%40example.org:pass%20word@127.0.0.1:${smtp.port}`,
      to: ["a@example.org", "b@example.org"],
    });
    const receipt = await send(route);
    assert.deepEqual([receipt.outcome, receipt.detail], ["delivered", "250 taken"]);
    const [mail] = smtp.mails;
    assert.ok(mail);
    assert.deepEqual(smtp.logins, ["ops@example.org pass word"]);
    assert.equal(mail.from, "ops@example.org");
    assert.deepEqual(mail.to, ["a@example.org", "b@example.org"]);
    assert.match(mail.data, /Subject: \[rollcall\] critical: Agent main can't be served/);
    assert.match(mail.data, new RegExp(`Incident: ${ALERT.incident}`));
    assert.match(mail.data, new RegExp(`Message-ID: <${ALERT.id}@box>`));
  });

  it("that the server refuses has failed", async (t) => {
    const smtp = await startSmtp(t);
    smtp.refuses = true;
    const { outcome, detail } = await send(
      await open("email", { smtp: `smtp://127.0.0.1:${smtp.port}`, to: "a@example.org" }),
    );
    assert.equal(outcome, "failed");
    assert.match(detail ?? "", /nobody here/);
  });

  it("to no mailbox, or over no mail server, is refused by the configuration", async () => {
    for (const options of [
      { smtp: "http://127.0.0.1", to: "a@example.org" },
      { smtp: "smtp://127.0.0.1", to: "Ada <a@example.org>, b@example.org" },
      { smtp: "smtp://127.0.0.1", to: [] },
    ])
      await assert.rejects(open("email", options), (error: RollcallError) => error.code === "config-invalid");
  });
});
