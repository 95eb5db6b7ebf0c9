// One damage to one file of a copied store, and what the store does about it.
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { codeOf, RollcallError } from "../../../src/core/errors.ts";
import { imbalancesOf } from "../../../src/health/accounting-equations.ts";
import type { Damage } from "../../../src/ports/integrity.ts";
import type { Store } from "../../../src/ports/store.ts";
import { BATCH } from "../../contracts/store-samples.ts";
import { askAll, MESSAGES, message, openAt, type Said, type Scene } from "./scene.ts";

/** What came of it. Everything that begins with `wrong` must never happen. */
export type Outcome =
  | "refused at the start"
  | "refused while it ran"
  | "found at the start"
  | "found in use"
  | "found by the look"
  | "found by the recount"
  | "harmless"
  | `wrong: ${string}`;

export interface Spot {
  readonly file: string;
  readonly bit: number;
}

/** The store's faults that end a start or a gateway loudly. */
const LOUD = [
  "store-behind",
  "store-corrupt",
  "store-unreadable",
  "store-newer",
  "store-io",
  "state-unwritable",
];

/** A copy with one bit flipped, or cut to a length. */
function damaged(from: string, change: (dir: string) => void): string {
  const dir = mkdtempSync(`${from}-`);
  cpSync(from, dir, { recursive: true });
  change(dir);
  return dir;
}

export function flipped(from: string, { file, bit }: Spot): string {
  return damaged(from, (dir) => {
    const path = join(dir, file);
    const bytes = readFileSync(path);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(path, bytes);
  });
}

export function cut(from: string, file: string, length: number): string {
  return damaged(from, (dir) => truncateSync(join(dir, file), length));
}

export const sizeOf = (dir: string, file: string): number => statSync(join(dir, file)).size;

/** The code of a fault that the gateway says loudly; anything else is a defect and goes on. */
function loud(error: unknown): string {
  if (error instanceof RollcallError && LOUD.includes(error.code)) return error.code;
  throw error;
}

/** Opens, uses and looks at a damaged store, and compares with what it said before. */
export async function playDamage(dir: string, truth: Said): Promise<Outcome> {
  try {
    return await playOpen(dir, truth);
  } catch (error) {
    const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return `wrong: ${words} ${codeOf(error) ?? ""}`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function playOpen(dir: string, truth: Said): Promise<Outcome> {
  let store: Store;
  try {
    store = await openAt(dir);
  } catch (error) {
    loud(error);
    return "refused at the start";
  }
  const found: Damage[] = [];
  store.onDamage((damage) => found.push(damage));
  const atStart = found.length;
  try {
    const wrong = await serve(store, truth);
    const inUse = found.length;
    const twice = await acceptAgain(store);
    if (wrong.length > 0) return `wrong: served ${wrong.join(", ")}`;
    if (twice !== null) return `wrong: ${twice}`;
    await look(store);
    if (atStart > 0) return "found at the start";
    if (inUse > 0) return "found in use";
    if (found.length > 0) return "found by the look";
    return await judge(store, truth);
  } catch (error) {
    loud(error);
    return "refused while it ran";
  } finally {
    await store.close().catch(() => undefined);
  }
}

/** Questions whose answer is neither what it was nor nothing. */
async function serve(store: Store, truth: Said): Promise<readonly string[]> {
  const said = await askAll(store);
  return [...said].flatMap(([question, answer]) => {
    if (question === "counts" || answer === null) return [];
    if (question.startsWith("interrupted ")) return isPart(answer, truth.get(question)) ? [] : [question];
    return isSame(answer, truth.get(question)) || isBlank(question, answer) ? [] : [question];
  });
}

interface Interrupted {
  readonly turn: unknown;
  readonly entries: readonly unknown[];
}

/** A turn whose entry was set aside goes on without it: its process is to be ended in any case. */
function isPart(answer: unknown, expected: unknown): boolean {
  const is = answer as Interrupted;
  const was = expected as Interrupted | undefined;
  if (was === undefined || !isSame(is.turn, was.turn)) return false;
  return is.entries.every((entry) => was.entries.some((one) => isSame(entry, one)));
}

/** What is set aside is shown as such, with nothing of what it said. */
function isBlank(question: string, answer: unknown): boolean {
  return (
    question.startsWith("message ") &&
    typeof answer === "object" &&
    answer !== null &&
    "dedupeKey" in answer &&
    answer.dedupeKey === ""
  );
}

/** A message's row may have been set aside; else it is what it was. */
function isSame(answer: unknown, expected: unknown): boolean {
  return isDeepStrictEqual(without(answer), without(expected));
}

/** What a step to `quarantined` changes. */
function without(answer: unknown): unknown {
  if (typeof answer !== "object" || answer === null || !("state" in answer)) return answer;
  const { state, ...rest } = answer;
  return state === "quarantined" ? { ...rest, hold: null } : answer;
}

/** Every message comes again, and one that is new: nothing may be taken twice, and nothing be lost as a duplicate. */
async function acceptAgain(store: Store): Promise<string | null> {
  for (let n = 0; n <= MESSAGES; n++) {
    const outcome = await store
      .accept({ ...BATCH, items: [{ kind: "entry", entry: message(n, "again"), waitingLimit: 1000 }] })
      .then(
        ([accepted]) => accepted?.outcome,
        (error: unknown) => (error instanceof RollcallError ? error.code : loud(error)),
      );
    if (outcome === "accepted" && n < MESSAGES) return `message ${n} was accepted twice`;
    if (outcome === "duplicate" && n === MESSAGES) return "a new message was lost as a duplicate";
  }
  return null;
}

async function look(store: Store): Promise<void> {
  for (let passes = 0; passes < 2;) if ((await store.scan(50)) !== null) passes += 1;
}

/** Nothing was found: then nothing may be missing, but what the recount tells. */
async function judge(store: Store, truth: Said): Promise<Outcome> {
  for (let passes = 0; passes < 2;) {
    const counted = await store.recount(1000);
    if (counted === null) continue;
    passes += 1;
    if (imbalancesOf(counted).length > 0) return "found by the recount";
  }
  const said = await askAll(store);
  const missing = [...truth].filter(([question, answer]) => {
    if (question === "counts" || isSame(said.get(question), answer)) return false;
    return answer !== null;
  });
  return missing.length === 0 ? "harmless" : `wrong: nobody told that ${missing[0]?.[0]} is missing`;
}

/** A log that lost something: the start is refused, or nothing is missing; and what can be adopted is an exact prefix. */
export async function playLog(dir: string, scene: Scene): Promise<Outcome> {
  try {
    const store = await openAt(dir);
    const said = await askAll(store);
    await store.close();
    return isSame([...said], [...scene.truth]) ? "harmless" : "wrong: opened, and something is missing";
  } catch (error) {
    if (!(error instanceof RollcallError) || error.code !== "store-behind") return `wrong: ${String(error)}`;
  }
  return (await isPrefix(dir, scene)) ? "refused at the start" : "wrong: what is left is no prefix";
}

/** What an accepted loss leaves is what the store said after one of its commits, to the letter. */
async function isPrefix(dir: string, scene: Scene): Promise<boolean> {
  const store = await openAt(dir, () => {});
  try {
    const said = await askAll(store);
    const { found } = await wholeOf(store);
    if (found > 0) return false;
    return [...scene.after.values()].some((one) => isSame([...said], [...one]));
  } finally {
    await store.close();
  }
}

async function wholeOf(store: Store): Promise<{ readonly found: number }> {
  let found = 0;
  store.onDamage(() => void (found += 1));
  await look(store);
  return { found };
}
