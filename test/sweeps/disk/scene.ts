// A store with messages in every state, and what it says when nothing is wrong with it.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { NewEntry } from "../../../src/core/entry.ts";
import type { SessionKey } from "../../../src/core/ids.ts";
import type { Store } from "../../../src/ports/store.ts";
import { openStore } from "../../../src/store/sqlite/open.ts";
import {
  acceptOne,
  address,
  answered,
  AT,
  BATCH,
  claim,
  delivery,
  HOLD,
  messageId,
  moveOf,
  newEntry,
  PROMPTED,
  send,
  sessionKey,
} from "../../contracts/store-samples.ts";
import { createFakeClock } from "../../fakes/clock.ts";

/** Messages of the scene, by number; each belongs to one of a few chats. */
export const MESSAGES = 60;
const CHATS = 5;
/** Messages whose commits stand in the log of what was killed. */
const LAST = 12;
const CURSOR = { ...BATCH, identity: "bot" };

export const sessionOf = (n: number): SessionKey => sessionKey(`agent:main:telegram:direct:${n % CHATS}`);

/** The n-th message, under another id each time that it comes. */
export function message(n: number, again = ""): NewEntry {
  return newEntry(n, {
    id: messageId(`m_${again}${n}`),
    session: sessionOf(n),
    address: address(String(n % CHATS)),
    ...(n % 7 === 0 && { body: { ...newEntry(n).body, text: `long ${n} `.repeat(700) } }),
  });
}

export const openAt = (dir: string, acceptLoss?: (loss: string) => void): Promise<Store> =>
  openStore({ dir, clock: createFakeClock(), version: "test", ...(acceptLoss && { acceptLoss }) });

/** Plays one message of the scene as far as its number says. */
async function play(store: Store, n: number): Promise<void> {
  const more = { ...message(n) };
  switch (n % 6) {
    case 0:
    case 1:
      await answered(store, n, more);
      return void (await send(store, `reply:t_${n}:0`));
    case 2:
      return void (await answered(store, n, more));
    case 3: {
      const entry = await acceptOne(store, n, more);
      return void (await store.move([moveOf(entry, "held", { hold: HOLD })], [], AT));
    }
    case 4: {
      const turn = await claim(store, [await acceptOne(store, n, more)], `t_${n}`);
      const custody = { pid: 4711 + n, startTime: "1", marker: "x" };
      return void (await store.prompted(turn, { ...PROMPTED, custody }));
    }
    default:
      await acceptOne(store, n, more);
      await store.addDelivery(delivery(`notice:${n}`, { kind: "notice", entry: more.id }));
      await store.accept({ ...BATCH, items: [], cursor: { ...CURSOR, value: String(n) } });
  }
}

/** What a store gives out to be run, sent or shown, one value for each question. */
export type Said = ReadonlyMap<string, unknown>;

async function ask(
  said: Map<string, unknown>,
  question: string,
  answer: () => Promise<unknown>,
): Promise<void> {
  said.set(question, JSON.parse(JSON.stringify(await answer())));
}

/** Asks it everything. @throws whatever the store throws */
export async function askAll(store: Store): Promise<Said> {
  const said = new Map<string, unknown>();
  const add = (question: string, answer: () => Promise<unknown>) => ask(said, question, answer);
  for (let chat = 0; chat < CHATS; chat++) {
    for (const entry of await store.waiting(sessionOf(chat), 1000))
      await add(`waiting ${entry.id}`, async () => entry);
    for (const one of await store.exchanges(sessionOf(chat), 0, 1000))
      await add(`exchange ${one.seq}`, async () => one);
  }
  for (const one of await store.interrupted()) await add(`interrupted ${one.turn.id}`, async () => one);
  for (const one of await store.openAfter(0, 1000)) await add(`open ${one.key}`, async () => one);
  await add("cursor", () => store.cursor(BATCH.channel, BATCH.account, "bot"));
  for (let n = 0; n < MESSAGES; n++) {
    await add(`reply ${n}`, async () => (await store.message(message(n).id))?.reply ?? null);
    await add(`message ${n}`, async () => (await store.message(message(n).id))?.entry ?? null);
    await add(`key ${n}`, () => store.findByKey(BATCH.channel, BATCH.account, message(n).dedupeKey));
  }
  await add("counts", async () => [await store.counts(), await store.totals()]);
  return said;
}

export interface Scene {
  /** A state directory whose store was closed. */
  readonly closed: string;
  /** The same of a process that was killed: the last commits are in the log alone. */
  readonly killed: string;
  readonly truth: Said;
  /** What it said after each commit since the log began, by its number. */
  readonly after: ReadonlyMap<number, Said>;
}

/** Makes the scene below `dir`. */
export async function makeScene(dir: string): Promise<Scene> {
  const work = join(dir, "work");
  const killed = join(dir, "killed");
  const closed = join(dir, "closed");
  mkdirSync(work);
  const begun = await openAt(work);
  for (let n = 0; n < MESSAGES - LAST; n++) await play(begun, n);
  await begun.close();
  let commit = 0;
  const committed = (number: number): void => void (commit = number);
  const store = await openStore({ dir: work, clock: createFakeClock(), version: "test", committed });
  await store.probe();
  const after = new Map([[commit, await askAll(store)]]);
  const noting = notingEach(store, async () => void after.set(commit, await askAll(store)));
  for (let n = MESSAGES - LAST; n < MESSAGES; n++) await play(noting, n);
  const truth = await askAll(store);
  cpSync(work, killed, { recursive: true });
  await store.close();
  cpSync(work, closed, { recursive: true });
  return { closed, killed, truth, after };
}

const WRITES = ["accept", "claim", "prompted", "answer", "move", "sending", "settle", "addDelivery"];

/** The same store, with a call after each of its commits. */
function notingEach(store: Store, note: () => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function" || !WRITES.includes(name)) return method;
      return async (...given: unknown[]): Promise<unknown> => {
        const value: unknown = await Reflect.apply(method, target, given);
        await note();
        return value;
      };
    },
  });
}
