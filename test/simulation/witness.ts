// Looks at a run from outside: at what the platform and the machine saw, and at the rows of the store, never at what the
// gateway thinks. Each thing that it finds is named by the invariant that it breaks.
import type { Database } from "../../src/store/sqlite/database.ts";
import type { MemoryDisk } from "../../src/store/sqlite/open.ts";
import { tokensOf, type SeenPrompt, type Tree } from "./machine.ts";
import type { HarnessFault, Plan } from "./plan.ts";
import { REPEAT_MARK } from "./sim-channel.ts";

export interface Violation {
  readonly invariant: string;
  readonly detail: string;
  readonly step: number;
}

/** What befell a turn that may excuse that it has no answer. */
export interface Harm {
  failures: number;
  /** A deadline passed after it had begun, the model refused it, or its record was lost. */
  ended: boolean;
  refused: boolean;
}

export interface Witness {
  readonly broken: Violation[];
  readonly harms: ReadonlyMap<string, Harm>;
  fail(invariant: string, detail: string): void;
  /** The platform forgets all updates below, which carry these keys. */
  confirmed(keys: readonly string[]): void;
  /** A caller was told that its message is accepted. */
  accepted(key: string): void;
  arrived(what: "send" | "edit", message: { key: string; chat: string; text: string }): void;
  prompted(seen: SeenPrompt, trees: readonly Tree[]): void;
  harmed(marker: string, how: HarnessFault): void;
  /** A harness ended at its start: it may have been any turn's. */
  unopened(): void;
  readonly unopenable: number;
  /** The owner of the store is gone: every turn that was prompted lost its gateway. */
  interrupted(): void;
}

interface TurnRow {
  readonly state: string;
  readonly generation: number;
  readonly entries: string;
  readonly session: string;
}

export function createWitness(memory: MemoryDisk, plan: Plan, step: () => number): Witness {
  const { db } = memory;
  const broken: Violation[] = [];
  const harms = new Map<string, Harm>();
  const known = new Set<string>();
  let unopenable = 0;
  const order = createOrder(db, plan.onInterrupted !== "ask");
  const fail = (invariant: string, detail: string): void =>
    void broken.push({ invariant, detail, step: step() });
  const harmOf = (marker: string): Harm => {
    const harm = harms.get(marker) ?? { failures: 0, ended: false, refused: false };
    harms.set(marker, harm);
    return harm;
  };
  const stored = (key: string): boolean => {
    if (known.has(key)) return true;
    const found = db.get("SELECT 1 FROM entries WHERE dedupe_key = ?", key) !== undefined;
    if (found) known.add(key);
    return found;
  };
  return {
    broken,
    harms,
    fail,
    confirmed(keys) {
      for (const key of keys)
        if (!stored(key)) fail("I1", `${key} was confirmed to the platform and isn't stored`);
    },
    accepted(key) {
      if (!stored(key)) fail("I1", `${key} was confirmed to its caller and isn't stored`);
    },
    arrived(what, { key, text }) {
      if (what === "edit") return;
      const row = db.get<{ body: string }>("SELECT body FROM deliveries WHERE key = ?", key);
      const body = row === undefined ? undefined : (JSON.parse(row.body) as { text: string }).text;
      const plain = text.startsWith(REPEAT_MARK) ? text.slice(REPEAT_MARK.length) : text;
      if (body !== plain) fail("I5", `${key} was sent with another text than is stored`);
    },
    prompted(seen, trees) {
      const row = db.get<TurnRow>(
        "SELECT state, generation, entries, session FROM turns WHERE id = ?",
        turnOf(seen.marker),
      );
      if (row === undefined) return fail("I7", `${seen.marker} is prompted and not in the store`);
      if (row.state !== "prompted") fail("I7", `${seen.marker} is prompted while its turn is ${row.state}`);
      if (seen.tree.model !== `g${row.generation}`)
        fail("I11", `${seen.marker} of generation ${row.generation} runs with ${seen.tree.model}`);
      const others = trees.filter((tree) => tree.busy && tree.lane === seen.tree.lane && tree !== seen.tree);
      if (others.length > 0) fail("I9", `${seen.tree.lane} has ${others.length + 1} live trees`);
      for (const detail of order(row, seen)) fail("I9", detail);
    },
    harmed(marker, how) {
      const harm = harmOf(marker);
      harm.failures += 1;
      if (how.startsWith("hang")) harm.ended = true;
      if (how === "refused") harm.refused = true;
    },
    unopened: () => void (unopenable += 1),
    get unopenable() {
      return unopenable;
    },
    interrupted() {
      for (const { id } of db.all<{ id: string }>("SELECT id FROM turns WHERE state = 'prompted'"))
        harmOf(`[rollcall ${id}]`).failures += 1;
    },
  };
}

/** The id in a marker, `[rollcall TURN]`. */
export function turnOf(marker: string): string {
  return marker.slice("[rollcall ".length, -1);
}

interface EntryRow {
  readonly id: string;
  readonly seq: number;
  readonly body: string;
}

/** Watches that a lane's messages are prompted in order, and each with its sender's own text. */
function createOrder(
  db: Database,
  /** What waits for its sender's word is passed by. */
  strict: boolean,
): (turn: TurnRow, seen: SeenPrompt) => readonly string[] {
  const last = new Map<string, number>();
  const prompted = new Set<string>();
  return ({ entries, session }, { marker, tokens }) => {
    const found: string[] = [];
    for (const id of JSON.parse(entries) as readonly string[]) {
      const row = db.get<EntryRow>("SELECT id, seq, body FROM entries WHERE id = ?", id);
      if (row === undefined) continue;
      const own = tokensOf((JSON.parse(row.body) as { text: string }).text);
      if (own.some((token) => !tokens.includes(token)))
        found.push(`${marker} was prompted without the sender's text ${own.join(", ")}`);
      if (prompted.has(id)) continue;
      prompted.add(id);
      if (strict && row.seq < (last.get(session) ?? 0))
        found.push(`${id} was prompted after a later message of its lane`);
      last.set(session, Math.max(row.seq, last.get(session) ?? 0));
    }
    return found;
  };
}
