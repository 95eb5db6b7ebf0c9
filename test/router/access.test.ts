import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessConfig } from "../../src/core/config.ts";
import { admit, type Knock } from "../../src/router/access.ts";

const rules = (
  direct: Partial<AccessConfig["direct"]>,
  groups: AccessConfig["groups"] = {},
): AccessConfig => ({
  direct: { policy: "pairing", allow: [], ...direct },
  groups,
});
const direct: Knock = {
  address: { channel: "telegram", account: "default", conversation: "7" },
  senderId: "7",
  chat: "direct",
  addressed: true,
};
const grouped: Knock = {
  ...direct,
  address: { ...direct.address, conversation: "-100" },
  chat: "group",
  addressed: false,
};
const facts = (access: AccessConfig, paired = false, owners: readonly string[] = []) => ({
  access,
  owners,
  paired,
});

test("a stranger is asked to pair, a paired person is admitted", () => {
  assert.equal(admit(direct, facts(rules({}))).kind, "pairing");
  assert.deepEqual(admit(direct, facts(rules({}), true)), { kind: "admitted", role: "paired" });
});

test("the owner is admitted under every policy, and only on the account that was named", () => {
  for (const policy of ["pairing", "allowlist", "open", "off"] as const) {
    assert.deepEqual(admit(direct, facts(rules({ policy }), false, ["telegram/default/7"])), {
      kind: "admitted",
      role: "owner",
    });
  }
  assert.equal(admit(direct, facts(rules({}), false, ["telegram/work/7"])).kind, "pairing");
});

test("an allow list is silent to strangers, also to those who were paired before", () => {
  const listed = rules({ policy: "allowlist", allow: ["8"] });
  assert.equal(admit(direct, facts(listed, true)).kind, "ignored");
  assert.equal(admit({ ...direct, senderId: "8" }, facts(listed)).kind, "admitted");
});

test("a star on a list means everybody only where the policy is open", () => {
  assert.equal(admit(direct, facts(rules({ policy: "allowlist", allow: ["*"] }))).kind, "ignored");
  assert.equal(admit(direct, facts(rules({ policy: "open", allow: ["*"] }))).kind, "admitted");
  assert.equal(admit(direct, facts(rules({ policy: "open", allow: ["9"] }))).kind, "ignored");
});

test("direct chats that are off admit nobody but the owner", () => {
  assert.equal(admit(direct, facts(rules({ policy: "off", allow: ["7"] }), true)).kind, "ignored");
});

test("a group that isn't listed isn't served, whoever writes", () => {
  assert.deepEqual(admit({ ...grouped, addressed: true }, facts(rules({}), true, ["telegram/default/7"])), {
    kind: "ignored",
    reason: "the group is not listed",
    remember: false,
  });
});

test("a listed group asks for a mention, and remembers what is said without one", () => {
  const group = { mention: true, senders: ["*"], topics: {} };
  const listed = rules({}, { "-100": group });
  assert.deepEqual(admit(grouped, facts(listed)), {
    kind: "ignored",
    reason: "the bot is not meant",
    remember: true,
  });
  assert.deepEqual(admit({ ...grouped, addressed: true }, facts(listed)), {
    kind: "admitted",
    role: "paired",
  });
  assert.equal(
    admit({ ...grouped, addressed: true }, facts(rules({}, { "-100": { ...group, senders: ["8"] } }))).kind,
    "ignored",
  );
});
