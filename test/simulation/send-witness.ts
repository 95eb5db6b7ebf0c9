// Watches what the gateway sends and what the platform answered: intents, pacing, refusals, and the order of parts.
import type { Database } from "../../src/store/sqlite/database.ts";
import type { Answer } from "./platform.ts";
import type { Owner, World } from "./world.ts";

export interface SendWitness {
  /** Somebody asks for a message to be shown. `current`: it is the life that owns the store. */
  asked(by: Owner, current: boolean, key: string, chat: string): void;
  /** What the platform said reached the one who asked. */
  answered(by: Owner, key: string, chat: string, answer: Answer<unknown>): void;
  /** Sends that the platform refused for ever. */
  readonly refused: ReadonlySet<string>;
}

interface Row {
  readonly state: string;
  readonly attempts: number;
}

interface Pause {
  readonly told: number;
  readonly until: number;
}

/** A send whose intent is being written when the platform asks for a pause goes out yet. */
const ON_ITS_WAY = 1500;

/** A delivery whose part is above 0, e.g. `reply:t_…:1`. */
const PART = /^(reply:.*:)([1-9]\d*)$/;

export function createSendWitness(
  db: Database,
  world: World,
  fail: (invariant: string, detail: string) => void,
): SendWitness {
  const refused = new Set<string>();
  /** Who was told: a life that ends before it could write it down leaves the next one to ask again. */
  const told = new Map<string, Owner>();
  /** Until when each life has to wait, for a chat or for all. */
  const paced = new Map<Owner, Map<string, Pause>>();
  const rowOf = (key: string): Row | undefined =>
    db.get<Row>("SELECT state, attempts FROM deliveries WHERE key = ?", key);
  return {
    refused,
    asked(by, current, key, chat) {
      const row = rowOf(key);
      if (row === undefined || row.attempts === 0) fail("I7", `${key} is sent without a durable intent`);
      else if (current && row.state === "sent") fail("I8", `${key} was sent, and is sent again`);
      if (told.get(key) === by) fail("refused", `${key} was refused for ever, and is tried again`);
      const waits = paced.get(by);
      for (const pause of [waits?.get(chat), waits?.get("")]) {
        const early = (pause?.until ?? 0) - world.time;
        if (early > 0 && world.time > (pause?.told ?? 0) + ON_ITS_WAY)
          fail("early", `${key} is sent ${early} ms early`);
      }
      const [, turn = "", part = ""] = PART.exec(key) ?? [];
      const before = turn === "" ? undefined : rowOf(`${turn}${Number(part) - 1}`);
      if (before !== undefined && before.state !== "sent" && before.state !== "dead")
        fail("order", `${key} is sent while the part before it is ${before.state}`);
    },
    answered(by, key, chat, answer) {
      if (answer.kind === "refused") {
        refused.add(key);
        told.set(key, by);
      }
      if (answer.kind !== "wait") return;
      const waits = paced.get(by) ?? new Map<string, Pause>();
      const pause = { told: world.time, until: world.time + answer.after };
      waits.set(answer.scope === "chat" ? chat : "", pause);
      paced.set(by, waits);
    },
  };
}
