import { EVERYWHERE, REMOTE } from "./command-list.ts";
import type { CommandSpec } from "./command-spec.ts";

/** What the reordering must know of the commands. */
export interface CommandWords {
  /** First words of all commands, each with the second words of its family, if it is one. */
  readonly families: ReadonlyMap<string, ReadonlySet<string>>;
  /** Options that take the next word as their value, dashes included. */
  readonly valued: ReadonlySet<string>;
}

/**
 * Brings the words that name the command to the front, so that options may stand anywhere, before the command too.
 * Everything else keeps its order; what comes after `--` is left alone. Pure.
 */
export function commandFirst(argv: readonly string[], words: CommandWords): readonly string[] {
  const front: number[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--") break;
    if (words.valued.has(word)) {
      i++;
    } else if (word === "-" || !word.startsWith("-")) {
      front.push(i);
      const family = words.families.get(word);
      if (front.length === 2 || family === undefined || family.size === 0) break;
    }
  }
  return [...front.map((i) => argv[i] ?? ""), ...argv.filter((_, i) => !front.includes(i))];
}

/** What reordering needs to know, from the list of commands. */
export function wordsOf(commands: readonly CommandSpec[]): CommandWords {
  const families = new Map<string, Set<string>>([
    ["help", new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))],
  ]);
  for (const { name } of commands) {
    const [first = "", second] = name.split(" ");
    const family = families.get(first) ?? new Set();
    families.set(first, second === undefined ? family : family.add(second));
  }
  const options = [...EVERYWHERE, ...REMOTE, ...commands.flatMap((command) => command.options ?? [])];
  const valued = options
    .filter(({ flags }) => flags.includes("<"))
    .map(({ flags }) => flags.split(" ")[0] ?? "");
  return { families, valued: new Set(valued) };
}
