import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { configJsonSchema } from "../../src/config/schema.ts";
import { parse, problems } from "./from-text.ts";

describe("problems of a configuration", () => {
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    [
      "an unknown key of an agent",
      { agents: { list: [{ id: "main", modle: {} }] } },
      ['agents.list[0].modle: unknown key; did you mean "model"?'],
    ],
    ["an unknown key at the top", { bindigs: [] }, ['bindigs: unknown key; did you mean "bindings"?']],
    ["an unknown key like none", { zzzzzzz: 1 }, ["zzzzzzz: unknown key"]],
    ["a key that is no name", { gateway: { "a b\u202e": 1 } }, ['gateway["a b\\u202e"]: unknown key']],
    [
      "a misspelt choice",
      { agents: { defaults: { midTurn: "stear" } } },
      [
        'agents.defaults.midTurn: expected one of "collect", "queue", "steer", "interrupt"; did you mean "steer"?',
      ],
    ],
    [
      "a wrong type",
      { owners: "me", gateway: { port: "80" } },
      [
        "owners: expected a list, found a text",
        "gateway.port: expected a port: a whole number from 0 to 65535, found a text",
      ],
    ],
    ["a missing key", { agents: { list: [{}] } }, ["agents.list[0].id: missing; expected a text"]],
    [
      "a number for a span",
      { gateway: { drain: { grace: 25 } } },
      ["gateway.drain.grace: expected a text, found a number"],
    ],
    [
      "a span without a unit",
      { gateway: { drain: { grace: "25" } } },
      [
        'gateway.drain.grace: expected a duration: a number with a unit, such as "250ms", "15s", "30m", "24h" or "7d"',
      ],
    ],
    [
      "a turn without time",
      { agents: { defaults: { turn: { total: "0s" } } } },
      ["agents.defaults.turn.total: must be longer than nothing"],
    ],
    [
      "a span no timer can wait for",
      { agents: { defaults: { turn: { total: "25d" } } } },
      ["agents.defaults.turn.total: must be at most 24d"],
    ],
    [
      "a port out of range",
      { gateway: { port: 70000 } },
      ["gateway.port: expected a port: a whole number from 0 to 65535"],
    ],
    [
      "a model without a harness",
      { agents: { list: [{ id: "a", model: { primary: "opus" } }] } },
      [
        'agents.list[0].model.primary: expected a model reference HARNESS/MODEL, such as "claude-cli/default"',
      ],
    ],
    [
      "an owner that is no address",
      { owners: ["12345"] },
      ['owners[0]: expected an address, such as "telegram/default/12345"'],
    ],
    [
      "an approver that is no address",
      { agents: { defaults: { permissions: { approvers: ["owner", "bob"] } } } },
      [
        'agents.defaults.permissions.approvers[1]: expected "owner" or an address, such as "telegram/default/12345"',
      ],
    ],
    [
      "a secret of no shape",
      { gateway: { auth: { token: { envv: "T" } } } },
      [
        'gateway.auth.token: expected a secret: {env: "NAME"}, {file: "path"} or {command: ["program", "argument"]}',
      ],
    ],
    [
      "an empty secret command",
      { gateway: { auth: { token: { command: [] } } } },
      [
        'gateway.auth.token: expected a secret: {env: "NAME"}, {file: "path"} or {command: ["program", "argument"]}',
      ],
    ],
    ["an id in the defaults", { agents: { defaults: { id: "x" } } }, ["agents.defaults.id: unknown key"]],
    [
      "an agent's id with a slash",
      { agents: { list: [{ id: "a/b" }] } },
      ["agents.list[0].id: expected a name: letters, digits, dots, dashes and underscores, at most 64"],
    ],
    [
      "a harness's id with a slash",
      { harnesses: { "a/b": {} } },
      [
        'harnesses["a/b"]: not allowed as a name: expected a name: letters, digits, dots, dashes and underscores, at most 64',
      ],
    ],
    ["no agents", { agents: { list: [] } }, ["agents.list: needs at least one agent"]],
    [
      "a public address that is none",
      { gateway: { publicUrl: "example.org" } },
      ['gateway.publicUrl: expected an address such as "https://rollcall.example.org"'],
    ],
    [
      "a network that is none",
      { gateway: { trustedProxies: ["10.0.0.0/33", "::1", "10.0.0.0/8"] } },
      ['gateway.trustedProxies[0]: expected an IP address or a network, such as "10.0.0.0/8"'],
    ],
    [
      "a pattern that is none",
      { bindings: [{ agent: "main", from: "telegram//x" }] },
      ['bindings[0].from: expected an address whose parts may be *, such as "telegram/default/*"'],
    ],
    [
      "accounts in the wrong place",
      { channels: { telegram: { token: "x" } } },
      ["channels.telegram.token: unknown key"],
    ],
    ["another engine", { store: { kind: "postgres" } }, ['store.kind: expected "sqlite"']],
    ["a list for the whole", [], ["the file: expected a mapping of keys, found a list"]],
  ];
  for (const [name, config, lines] of cases) {
    it(name, async () => assert.deepEqual(await problems(config), lines));
  }

  it("names every problem, not only the first", async () => {
    const config = {
      gatway: {},
      agents: {
        list: [
          { id: "main", modle: 1, midTurn: 3 },
          { id: "b", turn: { idel: "1s" } },
        ],
      },
      bindings: [{ agent: "main" }],
    };
    assert.deepEqual(
      (await problems(config)).map((line) => line.split(":")[0]),
      [
        "agents.list[0].midTurn",
        "agents.list[0].modle",
        "agents.list[1].turn.idel",
        "bindings[0].from",
        "gatway",
      ],
    );
  });

  it("never shows a value that may be a secret", async () => {
    const config = {
      gateway: { auth: { token: 4711471147 }, proxy: "ftp://user:hunter2@x" },
      owners: ["hunter2"],
    };
    assert.doesNotMatch((await problems(config)).join("\n"), /4711|hunter2/);
  });

  it("counts the problems beyond a hundred", async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`key${i}`, 1]));
    const lines = await problems(many);
    assert.equal(lines.length, 101);
    assert.equal(lines.at(-1), "… and 50 more");
  });
});

describe("keys that begin with x-", () => {
  it("are free wherever keys are checked", async () => {
    const { config } = await parse({
      "x-note": "mine",
      gateway: { "x-a": { port: 1 }, boot: { "x-b": [] } },
      agents: { list: [{ id: "main", "x-c": 1, turn: { "x-d": null } }] },
      channels: { telegram: { "x-e": 1, accounts: { default: { token: "abc", "x-f": 1 } } } },
    });
    assert.equal(config.agents.list[0].id, "main");
    assert.equal("x-c" in config.agents.list[0], false);
    assert.deepEqual(config.channels["telegram"]?.accounts, { default: { token: "abc", "x-f": 1 } });
  });

  it("don't hide a problem beside them", async () => {
    assert.deepEqual(await problems({ "x-note": 1, gateway: { "x-a": 1, prot: 1 } }), [
      'gateway.prot: unknown key; did you mean "port"?',
    ]);
  });
});

describe("schema.json", () => {
  it("is what the schema says", () => {
    const file = readFileSync(new URL("../../schema.json", import.meta.url), "utf8");
    assert.equal(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`, "run `node scripts/schema.ts`");
  });
});
