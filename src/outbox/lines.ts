import { formatAddress, parseAddress, type Address } from "../core/address.ts";
import { invariant } from "../core/assert.ts";
import { DELIVERY_LINE, type Delivery } from "../core/delivery.ts";
import type { TurnId } from "../core/ids.ts";
import type { Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeliveryLine, OutboxPages } from "../ports/outbox-store.ts";
import { OUTBOX } from "./limits.ts";
import { rankOf } from "./pick.ts";

/** A delivery that waits, with monotonic times: the wall clock may jump. */
export interface Item {
  readonly delivery: Delivery;
  /** Not tried before. */
  readonly dueAt: Duration;
  /** When its age was 0; may be negative. */
  readonly bornAt: Duration;
  /** It is there, in this message, and is written there once more: nothing else waits for that. */
  readonly assertIn?: string;
}

/** One line of one address: sent strictly in order. */
export interface Line extends DeliveryLine {
  readonly key: string;
  readonly to: Address;
  readonly rank: number;
  /** What is loaded, in order. */
  queue: Item[];
  /** The store has more of it, or something else: read it before the next try. */
  more: boolean;
  reread: boolean;
  reading: boolean;
  busy: boolean;
  /** A turn whose chat refused everything: its other parts are not tried. */
  doomed: { readonly turn: TurnId; readonly detail: string } | null;
}

/** One set of credentials on a platform: what its limits belong to. */
export interface Account {
  readonly key: string;
  readonly place: Address;
  /** In the order of their last turn, the longest ago first. */
  readonly lines: Map<string, Line>;
  inFlight: number;
  /** A send is about to take its place: until it has, nobody knows how many are left. */
  starting: boolean;
  pausedUntil: Duration;
  /** Until when the platform wants a conversation left alone, whatever line it is of. */
  readonly pausedChats: Map<string, Duration>;
  cancelTimer: () => void;
}

/** What waits, as far as it is loaded: some of each line, bounded over all of them. */
export interface Lines {
  readonly accounts: ReadonlyMap<string, Account>;
  /** The line, made when it isn't there. */
  open(place: DeliveryLine): { readonly account: Account; readonly line: Line };
  /** Takes a new delivery in, or notes that its line has more. Returns its account. */
  add(delivery: Delivery): Account | null;
  /** Reads a line anew; what is loaded keeps its times. */
  read(line: Line): Promise<void>;
  /** After a turn: to the end of the order; forgotten when it is empty, let go of when too much is loaded. */
  rest(account: Account, line: Line): void;
  /** Takes an item out of its line, or puts another in its place. */
  replace(line: Line, item: Item, next: Item | null): void;
  item(delivery: Delivery): Item;
}

export function createLines(clock: Clock, store: OutboxPages): Lines {
  const accounts = new Map<string, Account>();
  let loaded = 0;
  const put = (line: Line, queue: Item[]): void => {
    loaded += queue.length - line.queue.length;
    line.queue = queue;
  };
  const open = (place: DeliveryLine): { account: Account; line: Line } => {
    const to = parseAddress(place.address);
    invariant("I15", to !== undefined, `a delivery has the address ${place.address}`);
    const account = accountOf(accounts, to);
    const key = `${place.line} ${place.address}`;
    const known = account.lines.get(key);
    if (known !== undefined) return { account, line: known };
    const state = { queue: [], more: false, reread: false, reading: false, busy: false, doomed: null };
    const line: Line = { ...place, ...state, key, to, rank: rankOf(place.line) };
    account.lines.set(key, line);
    return { account, line };
  };
  const item = (delivery: Delivery): Item => itemOf(delivery, clock);
  return {
    accounts,
    open,
    item,
    replace(line, old, next) {
      const queue = line.queue.flatMap((one) => (one !== old ? [one] : next === null ? [] : [next]));
      put(line, queue);
    },
    add(delivery) {
      if (delivery.state === "sending") return null;
      const { account, line } = open(placeOf(delivery));
      if (line.reading) line.reread = true;
      else if (line.more || line.queue.length >= OUTBOX.window || loaded >= OUTBOX.loaded) line.more = true;
      else if (line.queue.every(({ delivery: known }) => known.seq < delivery.seq))
        put(line, [...line.queue, item(delivery)]);
      return account;
    },
    async read(line) {
      line.reread = false;
      line.reading = true;
      const rows = await openRows(store, line);
      const known = new Map(line.queue.map((one) => [one.delivery.id, one]));
      line.more = rows.length === OUTBOX.window;
      const waiting = rows.filter((row) => row.state !== "sending" || known.has(row.id));
      put(line, waiting.map((row) => known.get(row.id) ?? item(row))); // prettier-ignore
    },
    rest(account, line) {
      account.lines.delete(line.key);
      if (line.queue.length === 0 && !line.more && !line.reread) return;
      account.lines.set(line.key, line);
      if (loaded <= OUTBOX.loaded || line.queue.some(isTimed)) return;
      put(line, []);
      line.more = true;
    },
  };
}

/** A line that can't be read is still to be read. */
async function openRows(store: OutboxPages, line: Line): Promise<readonly Delivery[]> {
  try {
    return await store.openInLine(line, 0, OUTBOX.window);
  } catch (error) {
    line.reread = true;
    throw error;
  } finally {
    line.reading = false;
  }
}

/** Times that only the memory knows exactly. */
function isTimed({ dueAt, assertIn }: Item): boolean {
  return dueAt > 0 || assertIn !== undefined;
}

/** What comes next in a line: what is only asserted once more keeps nobody waiting. */
export function headOf(line: Line, now: Duration): Item | undefined {
  return line.queue.find(({ assertIn, dueAt }) => assertIn === undefined || dueAt <= now);
}

/** Line of a delivery. */
export function placeOf({ address, kind }: Pick<Delivery, "address" | "kind">): DeliveryLine {
  return { address: formatAddress(address), line: DELIVERY_LINE[kind] };
}

function accountOf(accounts: Map<string, Account>, { channel, account }: Address): Account {
  const key = `${channel}/${account}`;
  const known = accounts.get(key);
  if (known !== undefined) return known;
  const place = { channel, account, conversation: "" };
  const idle = {
    inFlight: 0,
    starting: false,
    pausedUntil: 0,
    pausedChats: new Map(),
    cancelTimer: () => {},
  };
  const made = { key, place, lines: new Map(), ...idle };
  accounts.set(key, made);
  return made;
}

function itemOf(delivery: Delivery, clock: Clock): Item {
  const now = clock.monotonic();
  const age = Math.max(0, clock.now() - (delivery.askedFor ?? delivery.createdAt));
  const wait = Math.min(OUTBOX.storedWait, Math.max(0, delivery.notBefore - clock.now()));
  return { delivery, bornAt: now - age, dueAt: delivery.state === "ready" || wait === 0 ? 0 : now + wait };
}

/** How long the platform still wants this line's conversation left alone. What is over is forgotten. */
export function chatPauseOf({ pausedChats }: Account, { to }: Line, now: Duration): Duration {
  const left = (pausedChats.get(to.conversation) ?? now) - now;
  if (left <= 0) pausedChats.delete(to.conversation);
  return left;
}

/** How long the platform wants this line left alone, with its whole account. */
export function pauseOf(account: Account, line: Line, now: Duration): Duration {
  return Math.max(account.pausedUntil - now, chatPauseOf(account, line, now));
}
