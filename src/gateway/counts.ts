import type { EntryState } from "../core/entry.ts";
import { SECOND } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { ReadStore } from "../ports/store.ts";

/** How many messages are in each state: recounted from the store after each change, at most ten times a second. */
export interface Counts {
  now(): Readonly<Record<EntryState, number>>;
  stop(): void;
}

const RECOUNT_AFTER = 0.1 * SECOND;

export async function createCounts(store: ReadStore, events: Events, clock: Clock): Promise<Counts> {
  let counts = await store.counts();
  let cancel: (() => void) | null = null;
  const recount = async (): Promise<void> => {
    cancel = null;
    counts = await store.counts();
  };
  const unsubscribe = events.subscribe((event) => {
    if (event.type === "message") cancel ??= clock.timer(RECOUNT_AFTER, () => void recount());
  });
  return {
    now: () => counts,
    stop() {
      unsubscribe();
      cancel?.();
    },
  };
}
