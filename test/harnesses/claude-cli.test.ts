import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { claudeCli } from "../../src/harnesses/claude-cli/claude-cli.ts";
import { CLAUDE_LIMITS } from "../../src/harnesses/claude-cli/limits.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandom } from "../../src/platform/random.ts";
import type { HarnessEvent } from "../../src/ports/harness.ts";
import { promptAndRead } from "../contracts/harness-events.ts";
import { claudeRig, openOne, withClaude } from "./rig.ts";

const never = new AbortController().signal;

const words = (events: readonly HarnessEvent[]): readonly HarnessEvent[] =>
  events.filter(({ kind }) => kind !== "alive" && kind !== "text");

test("the prompt goes to the program as it is", () =>
  withClaude({}, async (rig) => {
    const text = "[rollcall t_1]\nfrom: A\n---\n--help $(id)\n'\"` ünï 👋";
    const session = await openOne(rig, { model: "claude-x", instructions: "--verbose\nbe kind" });
    await promptAndRead(session, text);
    const [prompt] = rig.fake.prompts();
    assert.deepEqual(
      { ...prompt, pid: 0 },
      {
        pid: 0,
        session: session.native,
        resumed: false,
        model: "claude-x",
        instructions: "--verbose\nbe kind",
        text,
        images: [],
        cwd: rig.workspace,
      },
    );
  }));

test("the program sees no key and no token of the gateway, unless they are named", async () => {
  const secrets = {
    ANTHROPIC_API_KEY: "k1",
    ANTHROPIC_AUTH_TOKEN: "k2",
    ANTHROPIC_BASE_URL: "http://elsewhere",
    CLAUDE_CODE_OAUTH_TOKEN: "k3",
    CLAUDE_CODE_USE_BEDROCK: "1",
    AWS_SECRET_ACCESS_KEY: "k4",
    OPENAI_API_KEY: "k5",
    TELEGRAM_BOT_TOKEN: "k6",
    ROLLCALL_TOKEN: "k7",
    NODE_OPTIONS: "--no-warnings",
  };
  const harmless = {
    LC_ALL: "C.UTF-8",
    https_proxy: "http://proxy",
    CLAUDE_CONFIG_DIR: "/config",
    TZ: "UTC",
  };
  await withClaude({ env: { ...secrets, ...harmless } }, async (rig) => {
    await openOne(rig);
    const env = rig.fake.starts()[0]?.env ?? {};
    for (const name of Object.keys(secrets)) assert.equal(env[name], undefined, name);
    for (const [name, value] of Object.entries(harmless)) assert.equal(env[name], value);
    assert.equal(env["DISABLE_AUTOUPDATER"], "1");
    assert.equal(env["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"], "1");
    const proof = await rig.harness.probe("default", "L2", never);
    assert.ok(proof.ok && proof.paidBy === "subscription");
  });
  const options = {
    env: { ANTHROPIC_API_KEY: { env: "ANTHROPIC_API_KEY" } },
    inheritEnv: ["ANTHROPIC_BASE_URL"],
  };
  await withClaude({ env: secrets, options }, async (rig) => {
    await openOne(rig);
    const env = rig.fake.starts()[0]?.env ?? {};
    assert.deepEqual([env["ANTHROPIC_API_KEY"], env["ANTHROPIC_BASE_URL"]], ["k1", "http://elsewhere"]);
    assert.equal(env["OPENAI_API_KEY"], undefined);
    const proof = await rig.harness.probe("default", "L2", never);
    assert.ok(proof.ok && proof.paidBy === "key" && proof.level === "L2");
  });
});

test("logins and keys wait apart; no plan shows a secret", async () => {
  const plan = async (id: string, env: Record<string, string>) =>
    claudeCli.plan({
      id,
      options: { ...(await claudeCli.schema()).parse({}), env },
      at: id,
      baseDir: "/",
      secret: async (ref) => (typeof ref === "string" ? ref : ""),
    });
  const deps = { clock: systemClock, random: systemRandom, env: { HOME: "/h" }, stateDir: "/s" } as never;
  const login = await plan("a", {});
  const other = await plan("b", {});
  const key = await plan("c", { ANTHROPIC_API_KEY: "sk-very-secret" });
  assert.equal(login.create(deps).credential, other.create(deps).credential);
  assert.notEqual(login.create(deps).credential, key.create(deps).credential);
  assert.equal(login.effectiveConfig, other.effectiveConfig);
  assert.notEqual(login.effectiveConfig, key.effectiveConfig);
  assert.doesNotMatch(key.effectiveConfig + key.create(deps).credential, /very-secret/);
});

test("the defaults are what the schema makes of nothing", async () => {
  assert.deepEqual((await claudeCli.schema()).parse({}), claudeCli.defaults);
});

test("tools and compactions are open for as long as they last", () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    const { events } = await promptAndRead(session, "fake:tool=Grep fake:compact fake:say=done");
    assert.deepEqual(
      words(events).map((event) => ("id" in event ? event.kind : event.kind)),
      ["native", "opened", "closed", "opened", "closed", "final"],
    );
    const opened = events.filter((event) => event.kind === "opened");
    assert.deepEqual(
      opened.map(({ what, name }) => [what, name]),
      [
        ["tool", "Grep"],
        ["compaction", "compaction"],
      ],
    );
  }));

test("texts before and after a tool are set apart; a subagent's words aren't the answer's", () =>
  withClaude({}, async (rig) => {
    const turn = await promptAndRead(await openOne(rig), "fake:tool fake:subagent fake:say=Found_it.");
    assert.equal(turn.shown, "Let me look.\n\nFound it.");
    assert.equal(turn.final?.text, "Found it.");
  }));

for (const [policy, allow, tool, allowed] of [
  ["allow-list", ["Bash"], "Bash", true],
  ["allow-list", ["Read"], "Bash", false],
  ["ask", ["Bash"], "Bash", true],
  ["ask", [], "Bash", false],
  ["deny", ["Bash"], "Bash", false],
] as const) {
  test(`with ${policy} and [${allow.join()}], ${tool} is ${allowed ? "allowed" : "denied"}`, () =>
    withClaude({}, async (rig) => {
      const session = await openOne(rig, { permissions: { policy, allow } });
      const turn = await promptAndRead(session, `fake:ask=${tool}`);
      const seen = turn.events.filter((event) => event.kind === "permission");
      assert.deepEqual(seen, [{ kind: "permission", tool, allowed }]);
      if (policy === "ask" && !allowed) assert.match(turn.final?.text ?? "", /nobody can be asked/);
      if (allowed) assert.match(turn.final?.text ?? "", /allow: \{"command":"true"\}/);
    }));
}

test("what the host doesn't have is refused, not left unanswered", () =>
  withClaude({}, async (rig) => {
    assert.equal((await promptAndRead(await openOne(rig), "fake:hook")).final?.text, "hook: error");
  }));

test("characters that the chunks cut stay whole", () =>
  withClaude({}, async (rig) => {
    const turn = await promptAndRead(await openOne(rig), "fake:split");
    assert.equal(turn.shown, "Grüße, 世界 👋🏽");
    assert.equal(turn.final?.text, turn.shown);
  }));

test("of two results the first counts, and the second isn't the next turn's", () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    assert.equal((await promptAndRead(session, "fake:twofinals")).final?.text, "the first");
    await session.release(false);
    const again = await openOne(rig, { resume: session.native });
    assert.deepEqual(again.custody, session.custody);
    assert.equal((await promptAndRead(again, "fake:say=next")).final?.text, "next");
  }));

test("a flood of frames neither fills the memory nor loses the answer", () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    // A reader that is slower than the writer: the program has to wait.
    let seen = 0;
    const turn = await promptAndRead(session, "fake:flood=30000 fake:say=still_here", never, () =>
      ++seen % 1000 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined,
    );
    assert.equal(turn.final?.text, "still here");
    assert.ok(turn.events.length > 30_000);
  }));

test("the sample of a protocol error is bounded", () =>
  withClaude({}, async (rig) => {
    const { failure } = await promptAndRead(await openOne(rig), "fake:line");
    assert.match(failure?.detail ?? "", new RegExp(`more than ${LIMITS.harnessLineBytes} bytes`));
    assert.ok((failure?.detail.length ?? 0) < 1000);
  }));

test("usage is the turn's own; the cost of a session's first turn after a restart isn't known", () =>
  withClaude({}, async (rig) => {
    const session = await openOne(rig);
    const one = await promptAndRead(session, "one");
    const two = await promptAndRead(session, "two");
    assert.deepEqual(one.final?.usage, { inputTokens: 150, outputTokens: 20, usd: 0.01 });
    assert.ok(Math.abs((two.final?.usage?.usd ?? 0) - 0.01) < 1e-9);
    await session.release(true);
    const later = await claudeRig({ dir: rig.dir });
    const resumed = await openOne(later, { resume: session.native });
    assert.deepEqual((await promptAndRead(resumed, "three")).final?.usage, {
      inputTokens: 150,
      outputTokens: 20,
    });
    assert.ok(((await promptAndRead(resumed, "four")).final?.usage?.usd ?? 0) > 0);
    await later.harness.close(1000);
  }));

test("images are shown when the service takes them, and only then", () =>
  withClaude({}, async (rig) => {
    await mkdir(rig.workspace, { recursive: true });
    const file = async (name: string, size: number): Promise<string> => {
      const to = path.join(rig.workspace, name);
      await writeFile(to, Buffer.alloc(size));
      return to;
    };
    const images = [
      { path: await file("a.png", 3000), mime: "image/png" },
      { path: await file("b.svg", 10), mime: "image/svg+xml" },
      { path: await file("c.jpg", CLAUDE_LIMITS.imageBytes + 1), mime: "image/jpeg" },
      { path: path.join(rig.workspace, "gone.png"), mime: "image/png" },
    ];
    await promptAndRead(await openOne(rig), { text: "look", images });
    assert.deepEqual(rig.fake.prompts()[0]?.images, ["image/png 4000"]);
  }));
