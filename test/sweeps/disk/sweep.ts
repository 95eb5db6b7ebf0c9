// Plays many damages on one scene and counts what came of them.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MARK_FILE } from "../../../src/store/sqlite/mark.ts";
import { STORE_FILE } from "../../../src/store/sqlite/own.ts";
import { cut, flipped, playDamage, playLog, sizeOf, type Outcome } from "./play.ts";
import { makeScene, type Scene } from "./scene.ts";
import { spotsInFile, spotsInPages } from "./spots.ts";

export interface Tally {
  readonly title: string;
  readonly played: number;
  readonly outcomes: ReadonlyMap<string, number>;
  /** What must never happen, with where it did. */
  readonly wrong: readonly string[];
}

export interface Sweep {
  readonly flips: number;
  readonly logFlips: number;
  readonly markFlips: number;
  /** Every n-th cut of 512 bytes; 1 plays all of them. */
  readonly cutEvery: number;
  readonly seed: number;
}

const LOG = `${STORE_FILE}-wal`;
const SECTOR = 512;

/** Plays the sweep. Each part is told as soon as it is over. */
export async function playSweep(sweep: Sweep, tell: (tally: Tally) => void): Promise<readonly Tally[]> {
  // A file is copied and opened for each damage: in memory, where there is a place for it.
  const base = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const dir = mkdtempSync(join(base, "rollcall-flips-"));
  try {
    const scene = await makeScene(dir);
    const tallies: Tally[] = [];
    for (const part of [pages, log, cuts, mark]) {
      const tally = await part(scene, sweep);
      tell(tally);
      tallies.push(tally);
    }
    return tallies;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function countOver<T>(
  title: string,
  given: readonly T[],
  play: (one: T) => Promise<Outcome>,
  name: (one: T) => string,
): Promise<Tally> {
  const outcomes = new Map<string, number>();
  const wrong: string[] = [];
  for (const one of given) {
    const outcome = await play(one);
    const kind = outcome.startsWith("wrong") ? "wrong" : outcome;
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    if (kind === "wrong") wrong.push(`${name(one)}: ${outcome}`);
  }
  return { title, played: given.length, outcomes, wrong };
}

const pages = (scene: Scene, { flips, seed }: Sweep): Promise<Tally> =>
  countOver(
    "a bit of a page",
    spotsInPages(scene.closed, STORE_FILE, flips, seed),
    (spot) => playDamage(flipped(scene.closed, spot), scene.truth),
    ({ tree, bit }) => `${tree}, bit ${bit}`,
  );

const log = (scene: Scene, { logFlips, seed }: Sweep): Promise<Tally> =>
  countOver(
    "a bit of the log",
    spotsInFile(LOG, sizeOf(scene.killed, LOG), logFlips, seed + 1),
    (spot) => playLog(flipped(scene.killed, spot), scene),
    ({ bit }) => `bit ${bit}`,
  );

const cuts = (scene: Scene, { cutEvery }: Sweep): Promise<Tally> => {
  const size = sizeOf(scene.killed, LOG);
  const lengths = Array.from({ length: Math.floor(size / SECTOR) }, (_, n) => n * SECTOR);
  return countOver(
    "a log that was cut",
    lengths.filter((_, n) => n % cutEvery === 0),
    (length) => playLog(cut(scene.killed, LOG, length), scene),
    (length) => `at ${length}`,
  );
};

const mark = (scene: Scene, { markFlips, seed }: Sweep): Promise<Tally> =>
  countOver(
    "a bit of the mark",
    spotsInFile(MARK_FILE, 320, markFlips, seed + 2).map(({ file, bit }) => ({
      file,
      // The second slot begins with the second page.
      bit: bit < 160 * 8 ? bit : bit - 160 * 8 + 4096 * 8,
    })),
    (spot) => playDamage(flipped(scene.closed, spot), scene.truth),
    ({ bit }) => `bit ${bit}`,
  );

export function lineOf({ title, played, outcomes, wrong }: Tally): string {
  const parts = [...outcomes].toSorted(([, a], [, b]) => b - a).map(([outcome, n]) => `${outcome} ${n}`);
  return `${title}: ${played} played: ${parts.join(", ")}; wrong ${wrong.length}`;
}
