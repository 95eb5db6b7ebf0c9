import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { RollcallError } from "../../src/core/errors.ts";
import { telegram } from "../../src/channels/telegram/channel.ts";
import { telegramSchema } from "../../src/channels/telegram/schema.ts";

const token = { env: "TELEGRAM_BOT_TOKEN" };
const fault = (options: object): string => {
  const result = telegramSchema.safeParse({ token, ...options });
  return result.success
    ? ""
    : result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
};
const plan = (options: object, secret = "7:abc") =>
  telegram.plan({
    id: "work",
    options: telegramSchema.parse({ token, ...options }),
    at: "channels.telegram.accounts.work",
    baseDir: "/",
    secret: async () => secret,
  });

describe("Telegram's section of the configuration", () => {
  it("has the defaults of the guide", () => {
    assert.deepEqual(telegramSchema.parse({ token }), {
      token,
      apiRoot: "https://api.telegram.org",
      direct: { policy: "pairing", allow: [] },
      groups: {},
      stream: "auto",
      media: { max: 20 * 1024 * 1024 },
    });
  });

  it("takes ids as numbers or texts, never names", () => {
    const { direct } = telegramSchema.parse({ token, direct: { policy: "allowlist", allow: [12345, "67"] } });
    assert.deepEqual(direct.allow, ["12345", "67"]);
    assert.match(fault({ direct: { allow: ["@ada"] } }), /direct\.allow\.0: .*never a user name/);
    assert.match(fault({ groups: { "-1": { senders: ["ada"] } } }), /senders\.0/);
    assert.match(fault({ groups: { "12": {} } }), /negative/);
  });

  it("lets everybody in only with policy open", () => {
    assert.match(fault({ direct: { policy: "pairing", allow: ["*"] } }), /only allowed with policy "open"/);
    assert.equal(fault({ direct: { policy: "open", allow: ["*"] } }), "");
  });

  it("names unknown keys and bad values", () => {
    assert.match(fault({ tokn: "x" }), /tokn/);
    assert.match(fault({ media: { max: "20 apples" } }), /media\.max: expected a size/);
    assert.match(fault({ apiRoot: "api.telegram.org" }), /apiRoot/);
    assert.match(fault({ stream: "on" }), /stream/);
  });

  it("is described for editors", () => {
    const schema = z.toJSONSchema(telegramSchema, { io: "input" });
    assert.deepEqual(schema.required, ["token"]);
  });

  it("becomes access rules", async () => {
    const { access } = await plan({
      groups: { "-100": { agent: "main", topics: { "7": { agent: "other" }, "8": {} } } },
    });
    assert.deepEqual(access, {
      direct: { policy: "pairing", allow: [] },
      groups: {
        "-100": {
          agent: "main",
          mention: true,
          senders: ["*"],
          topics: { "7": { agent: "other" }, "8": {} },
        },
      },
    });
  });

  it("asks for a new connection only for what the connection depends on", async () => {
    const before = await plan({});
    assert.equal((await plan({ direct: { policy: "off" } })).effectiveConfig, before.effectiveConfig);
    assert.notEqual((await plan({ stream: "off" })).effectiveConfig, before.effectiveConfig);
    assert.notEqual((await plan({}, "7:other")).effectiveConfig, before.effectiveConfig);
    assert.doesNotMatch(before.effectiveConfig, /abc/);
  });

  it("refuses a token that would change the address of requests, and doesn't repeat it", async () => {
    await assert.rejects(plan({}, "7:x/../../y"), (error) => {
      assert.ok(error instanceof RollcallError && error.code === "config-invalid");
      assert.doesNotMatch(error.message, /\.\.\/y/);
      return true;
    });
  });
});
