import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { COMMANDS } from "../../src/cli/command-list.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { refresh, tableOf } from "../docs/tables.ts";

const PAGE = "docs/guides/commands.md";
const SHARED = ["--config", "--state", "--url", "--token"];

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
const commands = COMMANDS.map(({ name, args, about }) => [
  code([name, args].filter(Boolean).join(" ")),
  about,
]);
const options = COMMANDS.flatMap(({ name, options: own = [] }) =>
  own.map(({ flags, about }) => [code(name), code(flags), about]),
);
refresh(PAGE, "commands", commands, 2);
refresh(PAGE, "options", options, 3);

/** What the parser itself knows: each command's words, with its options. */
function parsed(): Map<string, readonly string[]> {
  const ignore = (): void => undefined;
  const program = buildProgram({ out: ignore, err: ignore }, () => Promise.resolve());
  return new Map(
    program.commands.flatMap((command) => {
      const whole = command.commands.length === 0 ? [[command.name(), command] as const] : [];
      const family = command.commands.map((one) => [`${command.name()} ${one.name()}`, one] as const);
      return [...whole, ...family].map(
        ([name, one]) => [name, one.options.map(({ long }) => long ?? "")] as const,
      );
    }),
  );
}

describe("the guide to the commands", () => {
  it("has every command and every option, as help says them", () => {
    assert.deepEqual(tableOf(PAGE, "commands"), commands);
    assert.deepEqual(tableOf(PAGE, "options"), options);
  });

  it("says what the parser understands, and nothing else", () => {
    const known = parsed();
    assert.deepEqual([...known.keys()].sort(), COMMANDS.map(({ name }) => name).sort());
    for (const [name, longs] of known) {
      const told = options
        .filter(([command]) => command === code(name))
        .map(([, flags = ""]) => /--[\w-]+/.exec(flags)?.[0] ?? "");
      assert.deepEqual(longs.filter((long) => !SHARED.includes(long)).sort(), told.sort(), name);
      assert.ok(longs.includes("--config") && longs.includes("--state"), name);
    }
  });
});
