// The real store over memory, behind a disk that is slow, full or broken, and under lives that end between two writes.
import { RollcallError } from "../../src/core/errors.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Draw } from "./draw.ts";
import type { Owner, World } from "./world.ts";

/** How the disk is doing now, and when it kills. */
export interface Disk {
  full: boolean;
  slow: boolean;
  /** Called at each write, before it is made, with its number in this life. Says what befalls it. */
  strike: (write: number) => "kill-before" | "kill-after" | "error-before" | "error-after" | null;
}

/** What each part of the store does to the disk. A part that isn't listed doesn't compile. */
const PARTS: Readonly<Record<keyof Store, "reads" | "writes">> = {
  groupTalk: "reads",
  formerConversations: "reads",
  findByKey: "reads",
  waitingSessions: "reads",
  waiting: "reads",
  interrupted: "reads",
  turn: "reads",
  pendingControls: "reads",
  nativeSession: "reads",
  exchanges: "reads",
  sessionModel: "reads",
  pendingDeliveries: "reads",
  delivery: "reads",
  openLines: "reads",
  openAfter: "reads",
  openInLine: "reads",
  cutOff: "reads",
  staleAnswers: "reads",
  heldAnswers: "reads",
  message: "reads",
  stateOf: "reads",
  messages: "reads",
  counts: "reads",
  totals: "reads",
  oldestWaiting: "reads",
  sessions: "reads",
  recount: "reads",
  isPaired: "reads",
  openPairing: "reads",
  pairings: "reads",
  tokens: "reads",
  tokenByHash: "reads",
  cursor: "reads",
  note: "reads",
  openIncidents: "reads",
  incidents: "reads",
  pendingAlerts: "reads",
  suspects: "reads",
  waitingBytes: "reads",
  filesInUse: "reads",
  snapshot: "reads",
  onDamage: "reads",
  scan: "reads",
  scanUnfinished: "reads",
  deadReasons: "reads",
  deadMessages: "reads",
  onCommit: "reads",
  close: "reads",
  epoch: "reads",
  accept: "writes",
  claim: "writes",
  prompted: "writes",
  nextAttempt: "writes",
  answer: "writes",
  endTurn: "writes",
  move: "writes",
  resetSession: "writes",
  setSessionModel: "writes",
  addDelivery: "writes",
  sending: "writes",
  settle: "writes",
  holdAnswers: "writes",
  decideAnswers: "writes",
  expireAnswers: "writes",
  decidePairing: "writes",
  revokePairing: "writes",
  addToken: "writes",
  revokeToken: "writes",
  setNote: "writes",
  saveAlerts: "writes",
  keepSuspects: "writes",
  clear: "writes",
  clearOne: "writes",
  clearLeftover: "writes",
  probe: "writes",
};
const READS: ReadonlySet<string> = new Set(
  Object.entries(PARTS).flatMap(([name, does]) => (does === "reads" ? [name] : [])),
);

export interface SimStoreDeps {
  readonly world: World;
  readonly owner: Owner;
  readonly disk: Disk;
  readonly draw: Draw;
  /** Ends the life at once. */
  readonly die: () => void;
}

const never = <T>(): Promise<T> => new Promise<T>(() => {});

type Method = (...values: readonly unknown[]) => unknown;

export function createSimStore(store: Store, deps: SimStoreDeps): Store {
  const life: Life = { writes: 0, broken: null };
  const wrapped = new Map<string | symbol, unknown>();
  return new Proxy(store, {
    get(target, name) {
      const known = wrapped.get(name);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function" || typeof name !== "string") return value;
      const method = value as Method;
      const made = READS.has(name)
        ? (...values: readonly unknown[]) => (deps.owner.alive ? method(...values) : never())
        : (...values: readonly unknown[]) => write(deps, life, () => method(...values));
      wrapped.set(name, made);
      return made;
    },
  });
}

interface Life {
  writes: number;
  /** After an error of the disk nothing is written any more. */
  broken: RollcallError | null;
}

async function write(deps: SimStoreDeps, life: Life, run: () => unknown): Promise<unknown> {
  const { owner, disk, draw } = deps;
  if (draw.chance(disk.slow ? 1 : 0.25)) await pause(deps);
  if (!owner.alive) return never();
  if (life.broken !== null) throw life.broken;
  const strike = disk.strike(life.writes++);
  if (strike === "kill-before") return end(deps);
  if (strike === "error-before") throw breaks(deps, life);
  if (disk.full) throw new RollcallError("store-full");
  const result = await tryRun(deps, life, run);
  if (!owner.alive) return never();
  if (strike === "kill-after") return end(deps);
  if (strike === "error-after") throw breaks(deps, life);
  if (draw.chance(disk.slow ? 1 : 0.25)) await pause(deps);
  return result;
}

function end({ die }: SimStoreDeps): Promise<never> {
  die();
  return never();
}

/** A store that has another owner now refuses everything, which ends the process as an error of the disk does. */
async function tryRun(deps: SimStoreDeps, life: Life, run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof RollcallError && error.code === "store-io") breaks(deps, life);
    throw error;
  }
}

/** The process ends a moment later: until then what it does without the store goes on. */
function breaks({ world, owner, draw, die }: SimStoreDeps, life: Life): RollcallError {
  life.broken ??= new RollcallError("store-io", { detail: "simulated" });
  world.after(draw.between(0, 50), owner, die);
  return life.broken;
}

function pause({ world, owner, disk, draw }: SimStoreDeps): Promise<void> {
  const most = disk.slow ? 500 : 8;
  return new Promise((resolve) => void world.after(draw.between(0, most), owner, resolve));
}
