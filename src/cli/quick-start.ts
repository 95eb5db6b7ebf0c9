import { parseArgs, type ParseArgsOptionDescriptor } from "node:util";
import { commandFirst, wordsOf } from "./command-first.ts";
import { COMMANDS, EVERYWHERE } from "./command-list.ts";
import type { Invocation } from "./invocation.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Reads a plain `start` without the command line's parser, which takes longer to load than the store to open.
 * Undefined for everything else, and for whatever isn't plain: then the parser reads it, with its help and its errors.
 */
export function quickStart(terminal: Terminal): Invocation | undefined {
  const [command, ...rest] = commandFirst(terminal.argv, wordsOf(COMMANDS));
  if (command !== "start") return undefined;
  const values = read(rest);
  if (values === undefined) return undefined;
  return {
    terminal,
    command,
    args: [],
    text(option) {
      const value = values[option];
      return typeof value === "string" ? value : undefined;
    },
    texts: () => [],
    flag: (option) => values[option] === true,
  };
}

type Values = Readonly<Record<string, unknown>>;

function read(args: readonly string[]): Values | undefined {
  const own = COMMANDS.find(({ name }) => name === "start")?.options ?? [];
  const options = Object.fromEntries(
    [...EVERYWHERE, ...own].map(({ flags }): [string, ParseArgsOptionDescriptor] => {
      const [long = "", value] = flags.replace("--", "").split(" ");
      return [long, { type: value === undefined ? "boolean" : "string" }];
    }),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return values;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
