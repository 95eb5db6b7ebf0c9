// Where to damage a store: bits drawn evenly over its parts, so that a small index gets as many as a large table.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Spot } from "./play.ts";

/** Draws numbers below a limit; the same seed draws the same. */
export function drawing(seed: number): (below: number) => number {
  let state = seed % 2147483647 || 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

interface Page {
  readonly name: string;
  readonly page: number;
}

/** The pages of a closed database, by the tree that they belong to. */
export function treesOf(dir: string, file: string): ReadonlyMap<string, readonly number[]> {
  const db = new DatabaseSync(join(dir, file), { readOnly: true });
  const pages = db.prepare("SELECT name, pageno AS page FROM dbstat").all() as unknown as readonly Page[];
  db.close();
  const trees = new Map<string, number[]>();
  for (const { name, page } of pages) trees.set(name, [...(trees.get(name) ?? []), page]);
  return trees;
}

const PAGE = 4096;

/** Bytes that are drawn for a spot until one isn't zero: what is free is mostly zeros, and proves nothing. */
const TRIES = 12;

/** So many spots in the database, going around its trees. */
export function spotsInPages(
  dir: string,
  file: string,
  count: number,
  seed: number,
): readonly (Spot & { tree: string })[] {
  const draw = drawing(seed);
  const trees = [...treesOf(dir, file)];
  const bytes = readFileSync(join(dir, file));
  return Array.from({ length: count }, (_, n) => {
    const [tree, pages] = trees[n % trees.length] ?? ["", [1]];
    const page = pages[draw(pages.length)] ?? 1;
    let at = (page - 1) * PAGE + draw(PAGE);
    for (let tries = 0; tries < TRIES && bytes[at] === 0; tries++) at = (page - 1) * PAGE + draw(PAGE);
    return { tree, file, bit: at * 8 + draw(8) };
  });
}

/** So many spots anywhere in a file of this size. */
export function spotsInFile(file: string, bytes: number, count: number, seed: number): readonly Spot[] {
  const draw = drawing(seed);
  return Array.from({ length: count }, () => ({ file, bit: draw(bytes) * 8 + draw(8) }));
}
