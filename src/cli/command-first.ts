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
