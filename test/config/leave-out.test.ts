import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { leaveOutSecrets } from "../../src/config/leave-out.ts";
import { parseText } from "../../src/config/parse-text.ts";

const CONFIG = `// ours
{
  gateway: { auth: { token: "literal-of-the-gateway" }, proxy: "socks5://me:proxy-pass@10.0.0.1:1080" },
  agents: { list: [{ id: "main", model: { primary: "claude-cli/default" }, instructions: "keep secret: no" }] },
  harnesses: {
    anthropic: { apiKey: { env: "ANTHROPIC_API_KEY" } },
    openai: { apiKey: 'sk-"quoted"-key' },
    "claude-cli": { env: { CLAUDE_CODE_OAUTH_TOKEN: "oauth-123456", LANG: "C" } },
  },
  channels: { telegram: { accounts: { default: { token: "123456:abcdef" } } } },
  alerts: {
    routes: [
      { kind: "webhook", url: "https://hooks.example/T0/B0/xyz", headers: { "X-Key": "k", authorization: { env: "A" } } },
      { kind: "email", smtp: "smtps://me:mail-pass@mail.example", to: "a@b.example" },
    ],
    deadman: { url: "https://ping.example/uuid" },
  },
}
`;
const SECRETS = [
  "literal-of-the-gateway",
  "proxy-pass",
  "quoted",
  "oauth-123456",
  "123456:abcdef",
  "hooks.example",
  "mail-pass",
  "ping.example",
];

describe("a configuration without its secrets", () => {
  it("has none of them, and everything else as it was written", async () => {
    const { text, leftOut } = await leaveOutSecrets(CONFIG, "json5");
    for (const secret of SECRETS) assert.ok(!text.includes(secret), secret);
    const read = (await parseText(text, "json5")) as Record<string, Record<string, unknown>>;
    assert.deepEqual(read["harnesses"]?.["anthropic"], { apiKey: { env: "ANTHROPIC_API_KEY" } });
    assert.deepEqual(read["agents"], ((await parseText(CONFIG, "json5")) as typeof read)["agents"]);
    assert.match(JSON.stringify(read["alerts"]), /"authorization":\{"env":"A"\}/);
    assert.deepEqual(leftOut, [
      "gateway.auth.token",
      "gateway.proxy",
      "harnesses.openai.apiKey",
      "harnesses.claude-cli.env.CLAUDE_CODE_OAUTH_TOKEN",
      "channels.telegram.accounts.default.token",
      "alerts.routes[0].url",
      "alerts.routes[0].headers.X-Key",
      "alerts.routes[1].smtp",
      "alerts.deadman.url",
    ]);
  });

  it("keeps its comments where the secrets can be taken out of the text alone", async () => {
    const plain = '// mine\n{ gateway: { auth: { token: "the-token-1" } } } // the end\n';
    assert.deepEqual(await leaveOutSecrets(plain, "json5"), {
      text: plain.replace("the-token-1", "LEFT-OUT-OF-THE-BACKUP"),
      leftOut: ["gateway.auth.token"],
    });
    const yaml = "gateway: # mine\n  auth:\n    token: the-token-1\n";
    assert.equal(
      (await leaveOutSecrets(yaml, "yaml")).text,
      yaml.replace("the-token-1", "LEFT-OUT-OF-THE-BACKUP"),
    );
  });

  it("is written anew where a secret is also a part of something else", async () => {
    const short = '{ gateway: { host: "127.0.0.1", auth: { token: "0" } } }';
    const { text } = await leaveOutSecrets(short, "json5");
    assert.deepEqual(JSON.parse(text), {
      gateway: { host: "127.0.0.1", auth: { token: "LEFT-OUT-OF-THE-BACKUP" } },
    });
  });

  it("is the same text where there are none", async () => {
    const plain = '{ channels: { telegram: { accounts: { default: { token: { file: "t" } } } } } }';
    assert.deepEqual(await leaveOutSecrets(plain, "json5"), { text: plain, leftOut: [] });
  });
});
