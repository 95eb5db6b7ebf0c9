import { LIMITS } from "../core/limits.ts";
import { DAY, type Duration } from "../core/time.ts";
import { WAITING_STATES, type EntryState } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events, GatewayEvent } from "../ports/events.ts";
import type { Random } from "../ports/random.ts";

type Watch = (event: GatewayEvent, id: string) => void;

/** How long events are kept, whatever their number. */
const KEPT: Duration = DAY;

interface Kept {
  readonly id: string;
  readonly event: GatewayEvent;
  readonly at: Duration;
}

/** The ring of events. `latest` is the id of the newest: the place of a watcher that begins now. */
export interface EventRing extends Events {
  latest(): string;
}

/**
 * A ring of the newest `limit` events of at most a day. Ids are `<this ring>-<number>`, so that an id of an earlier
 * process is not mistaken for one of ours. Of the progress of a message only the newest is kept, and none after its
 * end: it holds the whole text so far, and the ring's size would otherwise be that of all answers together.
 *
 * Watchers must not throw.
 */
export function createEvents(parts: {
  readonly clock: Clock;
  readonly random: Random;
  readonly limit?: number;
}): EventRing {
  const limit = parts.limit ?? LIMITS.eventRing;
  const ring = parts.random.secret(9);
  const kept = new Map<number, Kept>();
  const progress = new Map<string, number>();
  const watchers = new Set<Watch>();
  const watchersOf = new Map<MessageId, Set<Watch>>();
  let last = 0;
  /** The highest number that was let go of for age or want of room: a watcher before it has missed something. */
  let gone = 0;

  const letGo = (): void => {
    const oldest = parts.clock.monotonic() - KEPT;
    for (const [number, { event, at }] of kept) {
      if (kept.size <= limit && at >= oldest) return;
      kept.delete(number);
      if (event.type === "progress") progress.delete(event.id);
      gone = number;
    }
  };
  const replace = (event: GatewayEvent): void => {
    if (event.type === "status") return;
    const earlier = progress.get(event.id);
    if (event.type === "progress") progress.set(event.id, last);
    else if (isWaiting(event.state)) return;
    else progress.delete(event.id);
    if (earlier !== undefined) kept.delete(earlier);
  };

  return {
    publish(event) {
      last++;
      const id = `${ring}-${last}`;
      replace(event);
      kept.set(last, { id, event, at: parts.clock.monotonic() });
      letGo();
      for (const watch of watchers) watch(event, id);
      if (event.type !== "status") for (const watch of watchersOf.get(event.id) ?? []) watch(event, id);
    },
    subscribe(watch, only) {
      // A function of its own, so that one that is given twice is two subscriptions.
      const own: Watch = (event, id) => watch(event, id);
      const set = only === undefined ? watchers : (watchersOf.get(only) ?? new Set<Watch>());
      set.add(own);
      if (only !== undefined) watchersOf.set(only, set);
      return () => {
        set.delete(own);
        if (only !== undefined && set.size === 0 && watchersOf.get(only) === set) watchersOf.delete(only);
      };
    },
    since(id) {
      letGo();
      const after = numberOf(id, ring);
      if (after === undefined || after > last || after < gone) return undefined;
      return after + kept.size < last ? [...newer(kept, after)] : inOrder(kept, after, last);
    },
    latest: () => `${ring}-${last}`,
  };
}

function isWaiting(state: EntryState): boolean {
  return (WAITING_STATES as readonly EntryState[]).includes(state);
}

function numberOf(id: string, ring: string): number | undefined {
  if (!id.startsWith(`${ring}-`)) return undefined;
  const digits = id.slice(ring.length + 1);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

/** For a watcher that is far behind. */
function* newer(kept: ReadonlyMap<number, Kept>, after: number): Generator<Kept> {
  for (const [number, one] of kept) if (number > after) yield one;
}

/** For one that is up to date but for a few: costs no more than those. */
function inOrder(kept: ReadonlyMap<number, Kept>, after: number, last: number): readonly Kept[] {
  const found: Kept[] = [];
  for (let number = after + 1; number <= last; number++) {
    const one = kept.get(number);
    if (one !== undefined) found.push(one);
  }
  return found;
}
