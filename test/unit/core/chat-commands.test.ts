import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { CHAT_COMMANDS, parseChatCommand } from "../../../src/core/chat-commands.ts";

test("a command is read with its arguments, whatever its case", () => {
  assert.equal(parseChatCommand("/Model  claude-cli/x ", "paired")?.command.name, "model");
  assert.equal(parseChatCommand("/model claude-cli/x", "paired")?.args, "claude-cli/x");
  assert.equal(parseChatCommand("/retry m_1\nm_2", "owner")?.args, "m_1\nm_2");
  assert.equal(parseChatCommand("/new", "paired")?.args, "");
});

test("every other text goes to the agent", () => {
  for (const text of [
    "",
    "new",
    "/",
    "/unknown",
    "/new-thing",
    "//new",
    "see /new",
    "/newer",
    "/new.",
    "/ new",
  ]) {
    assert.equal(parseChatCommand(text, "owner"), undefined, text);
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseChatCommand(text, "owner");
      assert.ok(parsed === undefined || text.trim().toLowerCase().startsWith(`/${parsed.command.name}`));
    }),
  );
});

test("nobody runs a command beyond their role, and strangers none at all", () => {
  for (const { name } of CHAT_COMMANDS)
    assert.equal(parseChatCommand(`/${name}`, "unknown"), undefined, name);
  for (const name of ["approve", "deny", "held"]) {
    assert.equal(parseChatCommand(`/${name} x`, "paired"), undefined, name);
    assert.ok(parseChatCommand(`/${name} x`, "owner"), name);
    assert.ok(parseChatCommand(`/${name} x`, "operator"), name);
  }
});

test("names are unique and fit a platform's menu", () => {
  const names = CHAT_COMMANDS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, about } of CHAT_COMMANDS) {
    assert.match(name, /^[a-z]{1,32}$/);
    assert.ok(about.length > 0 && about.length <= 100, name);
  }
});
