import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import { tryConfig } from "../../src/config/try-config.ts";
import { parse, problems } from "./from-text.ts";

describe("defaults", () => {
  it("an empty configuration is the trial's, which knows nothing of the schema", async () => {
    const { config } = await parse("{}");
    assert.deepEqual(config, tryConfig({ cwd: "/srv/gateway", harness: "echo" }));
  });

  it("are those that are promised", async () => {
    const { config } = await parse("{}");
    assert.deepEqual(config, {
      owners: [],
      gateway: {
        host: "127.0.0.1",
        port: 18790,
        allowedHosts: [],
        trustedProxies: [],
        auth: {},
        boot: {
          pluginDeadline: 5 * SECOND,
          probeDeadline: 15 * SECOND,
          unregistered: "exit",
          unavailable: "hold",
          badConfig: "exit",
        },
        health: { lineEvery: 60 * SECOND },
        drain: { grace: 25 * SECOND },
        ipFamily: "auto",
      },
      agents: {
        list: [
          {
            id: "main",
            model: { primary: "echo/default", fallbacks: [] },
            workspace: "/srv/gateway/.rollcall/workspaces/main",
            turn: { firstEvent: 60 * SECOND, idle: 2 * MINUTE, toolIdle: 30 * MINUTE, total: 4 * HOUR },
            onInterrupted: "resume",
            hold: { noticeAfter: 5 * SECOND, askAfter: 30 * MINUTE, max: 24 * HOUR },
            midTurn: "collect",
            permissions: { policy: "ask", approvers: ["owner"], allow: [], deadline: 10 * MINUTE },
            session: { direct: "conversation", links: {}, reset: {} },
            spend: {},
            canary: {},
            sandbox: { kind: "none" },
          },
        ],
      },
      harnesses: {},
      channels: { web: { enabled: true, accounts: {} } },
      bindings: [],
      alerts: { routes: [] },
      store: { kind: "sqlite" },
      retention: { messages: 90 * DAY, attachments: 30 * DAY },
      plugins: [],
    });
  });

  it("of agents are merged into each, key by key", async () => {
    const { config } = await parse({
      agents: {
        defaults: {
          model: { primary: "claude-cli/a", fallbacks: ["echo/x"] },
          turn: { idle: "3m", total: "1h" },
          workspace: "shared",
        },
        list: [
          { id: "a" },
          { id: "b", model: { primary: "codex-cli/b" }, turn: { idle: "4m" }, workspace: "/abs" },
          { id: "c", model: { fallbacks: [] } },
        ],
      },
    });
    const [a, b, c] = config.agents.list;
    assert.deepEqual(a.model, { primary: "claude-cli/a", fallbacks: ["echo/x"] });
    assert.deepEqual(b?.model, { primary: "codex-cli/b", fallbacks: ["echo/x"] });
    assert.deepEqual(c?.model, { primary: "claude-cli/a", fallbacks: [] });
    assert.deepEqual(b?.turn, {
      firstEvent: 60 * SECOND,
      idle: 4 * MINUTE,
      toolIdle: 30 * MINUTE,
      total: HOUR,
    });
    assert.deepEqual([a.workspace, b?.workspace], ["/srv/gateway/shared", "/abs"]);
  });
});

describe("sections of kinds", () => {
  it("stay as they are written, all but their kind", async () => {
    const { config } = await parse({
      harnesses: {
        "claude-cli": { command: "claude", env: { "x-y": "1" } },
        mine: { kind: "command", "x-note": 1 },
      },
      channels: {
        web: { enabled: false },
        telegram: { accounts: { default: { token: { env: "T" }, deep: [{ a: 1 }] } } },
      },
      alerts: {
        routes: [{ kind: "webhook", url: "https://a", headers: { "x-token": "t" } }],
        deadman: { url: "https://b" },
      },
    });
    assert.deepEqual(config.harnesses, {
      "claude-cli": { kind: "claude-cli", options: { command: "claude", env: { "x-y": "1" } } },
      mine: { kind: "command", options: { "x-note": 1 } },
    });
    assert.deepEqual(config.channels, {
      web: { enabled: false, accounts: {} },
      telegram: { enabled: true, accounts: { default: { token: { env: "T" }, deep: [{ a: 1 }] } } },
    });
    assert.deepEqual(config.alerts, {
      routes: [{ kind: "webhook", options: { url: "https://a", headers: { "x-token": "t" } } }],
      deadman: { url: "https://b", every: 30 * SECOND },
    });
  });
});

describe("names that refer to others", () => {
  it("an agent that isn't there, an id and a binding that stand twice", async () => {
    const config = {
      agents: { list: [{ id: "main" }, { id: "other" }, { id: "main" }] },
      bindings: [
        { agent: "mian", from: "telegram/default/1" },
        { agent: "other", from: "telegram/default/1" },
      ],
    };
    assert.deepEqual(await problems(config), [
      'agents.list[2].id: "main" is the id of agents.list[0] already',
      'bindings[0].agent: there is no agent "mian"; did you mean "main"?',
      "bindings[1].from: the same as bindings[0].from, which always matches first",
    ]);
  });

  it("are checked beside unknown keys, but not when agents are in doubt", async () => {
    const binding = { agent: "nobody", from: "telegram/*/*" };
    assert.deepEqual(await problems({ gateway: { prot: 1 }, bindings: [binding] }), [
      'gateway.prot: unknown key; did you mean "port"?',
      'bindings[0].agent: there is no agent "nobody"',
    ]);
    assert.deepEqual(await problems({ agent: {}, bindings: [binding] }), [
      'agent: unknown key; did you mean "agents"?',
    ]);
  });
});

describe("warnings", () => {
  it("of what is allowed and probably not meant, without values", async () => {
    const { warnings } = await parse({
      owners: ["telegarm/default/1"],
      gateway: { auth: { token: "s3cret-token" } },
      harnesses: { "claude-code": {}, anthropic: { kind: "anthropic", apiKey: "sk-live" } },
      channels: { telegram: { accounts: { default: { token: "12:ab" } } } },
      bindings: [
        { agent: "main", from: "telegram/default/*" },
        { agent: "main", from: "telegram/default/7/8" },
        { agent: "main", from: "telegram/*/9" },
      ],
    });
    assert.deepEqual(warnings, [
      'gateway.auth.token: the secret stands in the file; better {env: "NAME"} or {file: "path"}',
      'harnesses.anthropic.apiKey: the secret stands in the file; better {env: "NAME"} or {file: "path"}',
      'channels.telegram.accounts.default.token: the secret stands in the file; better {env: "NAME"} or {file: "path"}',
      "agents.list[0].model.primary: not set; the agent only echoes what it is told",
      "bindings[1].from: never matches, bindings[0].from covers it",
      'harnesses.claude-code: "claude-code" is no built-in kind of harness; did you mean "claude-cli"?',
      'harnesses.anthropic: "anthropic" is no built-in kind of harness',
      'owners[0]: channel "telegarm" is not configured; did you mean "telegram"?',
    ]);
  });

  it("leave kinds to the roll call when there are plugins", async () => {
    const { warnings } = await parse({
      agents: { defaults: { model: { primary: "mine/x" } } },
      harnesses: { mine: {} },
      plugins: ["./mine.ts"],
    });
    assert.deepEqual(warnings, []);
  });
});
