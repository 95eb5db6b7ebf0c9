import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { followFile, lastLines } from "../../src/cli/follow-file.ts";
import { call, type Called } from "./call.ts";
import { fakeGateway, type Answers, type FakeGateway } from "./fake-gateway.ts";

async function gateway(t: TestContext, answers: Answers): Promise<FakeGateway> {
  const fake = await fakeGateway(answers);
  t.after(() => fake.remove());
  return fake;
}

function on(fake: FakeGateway, ...argv: string[]): Promise<Called> {
  return call([...argv, "--state", fake.stateDir]);
}

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-commands-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const STATUS = {
  status: "holding",
  version: "0.1.0",
  startedAt: "2026-01-01T00:00:00.123Z",
  generation: 1,
  waiting: 2,
  held: 1,
  dead: 2,
  quarantined: 1,
  custody: "C1",
  degraded: ["main"],
  failing: [
    {
      kind: "agent",
      id: "other",
      code: "harness-missing",
      since: "2026-01-01T00:00:00.000Z",
      fix: "Install it.",
    },
  ],
  agents: [
    {
      id: "main",
      servable: true,
      candidates: [{ harness: "echo", model: "default", available: true, level: "L3" }],
    },
    {
      id: "other",
      servable: false,
      candidates: [
        {
          harness: "claude-cli",
          model: "x",
          available: false,
          code: "harness-missing",
          detail: "gone\u001b[31m",
        },
      ],
    },
  ],
  harnesses: [
    { id: "echo", kind: "echo", running: 0, idle: 0, waiting: 0, max: 9e15, paidBy: "none", version: null },
    {
      id: "claude-cli",
      kind: "claude-cli",
      running: 1,
      idle: 0,
      waiting: 0,
      max: 8,
      paidBy: "subscription",
      version: "2",
    },
  ],
  channels: [{ channel: "web", account: "default", status: "connected", name: null, hints: [] }],
};

describe("status", () => {
  it("shows everything, and ends with 75 and the first reason when it isn't ready", async (t) => {
    const fake = await gateway(t, { "GET /api/v1/status": { body: STATUS } });
    const { exit, out, err } = await on(fake, "status");
    assert.equal(exit, 75);
    assert.equal(err, "rollcall: the gateway is holding: agent other, harness-missing. Install it.\n");
    for (const text of [
      "echo/default",
      "subscription",
      "waiting 2, held 1",
      "web/default",
      "gone\\u001b[31m",
    ])
      assert.ok(out.includes(text), text);
    assert.ok(!out.includes("\u001b"));
  });

  it("of one agent tells that one's, and for programs all", async (t) => {
    const fake = await gateway(t, { "GET /api/v1/status": { body: STATUS } });
    const main = await on(fake, "status", "--agent", "main", "--json");
    assert.equal(main.exit, 0);
    const report = JSON.parse(main.out) as typeof STATUS;
    assert.deepEqual(
      [report.agents.map(({ id }) => id), report.harnesses.map(({ id }) => id)],
      [["main"], ["echo"]],
    );
    assert.equal((await on(fake, "status", "--agent", "other")).exit, 75);
    assert.equal((await on(fake, "status", "--agent", "nobody")).exit, 69);
  });
});

describe("commands of a running gateway", () => {
  it("notify, pairing, tokens, sessions, link", async (t) => {
    const pairing = {
      code: "ABC",
      state: "open",
      channel: "telegram",
      account: "default",
      sender: { id: "7", name: "Bob\u202e" },
      at: "2026-01-01T00:00:00.000Z",
    };
    const fake = await gateway(t, {
      "POST /api/v1/notify": { status: 202, body: { delivery: { id: "d_1" } } },
      "GET /api/v1/pairing": { body: { pairings: [pairing] } },
      "POST /api/v1/pairing/ABC/approve": { body: {} },
      "POST /api/v1/pairing/revoke": { status: 204 },
      "GET /api/v1/tokens": {
        body: { tokens: [{ id: "k_1", name: "ci", createdAt: "2026-01-01T00:00:00.000Z" }] },
      },
      "POST /api/v1/tokens": { status: 201, body: { id: "k_2", token: "rollcall_x" } },
      "DELETE /api/v1/tokens/k_1": { status: 204 },
      "GET /api/v1/sessions": {
        body: {
          sessions: [{ key: "agent:main:x", agent: "main", messages: 3, lastAt: "2026-01-01T00:00:00.000Z" }],
        },
      },
      "POST /api/v1/sessions/reset": { status: 204 },
      "POST /api/v1/links": { status: 201, body: { url: "http://h/#code=abc" } },
    });
    assert.equal(
      (await on(fake, "notify", "--to", "telegram/default/7", "--id", "1", "a", "b")).out,
      "d_1\n",
    );
    assert.deepEqual(fake.requests.at(-1)?.body, { to: "telegram/default/7", text: "a b", id: "1" });
    assert.match((await on(fake, "pairing", "list")).out, /ABC +open +telegram\/default\/7 +Bob\\u202e/);
    assert.equal((await on(fake, "pairing", "approve", "ABC")).exit, 0);
    assert.equal((await on(fake, "pairing", "deny", "XYZ")).exit, 66);
    assert.equal((await on(fake, "pairing", "revoke", "telegram/default/7")).exit, 0);
    assert.deepEqual(fake.requests.at(-1)?.body, { sender: "telegram/default/7" });
    assert.match((await on(fake, "tokens", "list")).out, /k_1 +ci/);
    const created = await on(fake, "tokens", "create", "ci");
    assert.deepEqual([created.out, /only time/.test(created.err)], ["rollcall_x\n", true]);
    assert.equal((await on(fake, "tokens", "revoke", "k_1")).out, "revoked\n");
    assert.match((await on(fake, "sessions", "list")).out, /agent:main:x +main +3/);
    assert.equal((await on(fake, "sessions", "reset", "agent:main:x")).exit, 0);
    assert.equal((await on(fake, "link")).out, "http://h/#code=abc\n");
    assert.match((await on(fake, "link", "--qr")).out, /[▀▄█][^]*\nhttp:\/\/h\/#code=abc\n$/);
    for (const argv of [["tokens", "list"], ["pairing", "list"], ["sessions", "list"], ["link"]]) {
      const { out } = await on(fake, ...argv, "--json");
      assert.doesNotThrow(() => JSON.parse(out) as unknown, argv.join(" "));
    }
  });

  it("drain waits for the end, and says when it takes longer", async (t) => {
    let live = 3;
    const fake = await gateway(t, {
      "POST /api/v1/drain": { status: 202, body: {} },
      "GET /livez": () => (live-- > 0 ? { body: {} } : { status: 404 }),
    });
    const elsewhere = ["--url", fake.url, "--token", "x"];
    assert.equal((await call(["drain", ...elsewhere])).out, "stopped\n");
    live = 1000;
    const { exit, err } = await call(["drain", "--wait", "0s", ...elsewhere]);
    assert.deepEqual([exit, /still stopping/.test(err)], [75, true]);
  });
});

describe("logs", () => {
  const line = (n: number): string =>
    `${JSON.stringify({ time: "T", level: "info", component: "c", event: "e", msg: `m${n}` })}\n`;

  it("shows the last lines, for people or as they are", async (t) => {
    const dir = await folder(t);
    await mkdir(join(dir, "logs"));
    await writeFile(join(dir, "logs/rollcall.jsonl"), line(1) + line(2) + line(3) + '{"half');
    assert.equal(
      (await call(["logs", "--lines", "2", "--state", dir])).out,
      "T INFO  [c] m2\nT INFO  [c] m3\n",
    );
    assert.equal((await call(["logs", "--lines", "1", "--json", "--state", dir])).out, line(3));
    assert.equal((await call(["logs", "--state", join(dir, "none")])).exit, 69);
  });

  it("follows new lines, whole ones only, from file to file", async (t) => {
    const path = join(await folder(t), "l.jsonl");
    await writeFile(path, "a\nb");
    const seen: string[] = [];
    const stop = new AbortController();
    const wanted = Promise.withResolvers<undefined>();
    const print = (text: string): void => {
      seen.push(text);
      if (text === "e") wanted.resolve(undefined);
    };
    const place = await lastLines(path, 9, print);
    const following = followFile(path, place, print, stop.signal);
    await appendFile(path, "c\nd\n");
    await rename(path, `${path}.1`);
    await writeFile(path, "e\n");
    await wanted.promise;
    stop.abort();
    await following;
    assert.deepEqual(seen, ["a", "bc", "d", "e"]);
  });
});
