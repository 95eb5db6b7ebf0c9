/**
 * What a store says that went back in time, made true again: what it calls unsent may have been sent since, what it
 * calls waiting may have been answered. So everything that is open for a platform is in doubt, and what waits asks first
 * when it is old.
 *
 * Keeps: I6 (a repeat is flagged).
 */
import type { Entry } from "../core/entry.ts";
import { LIMITS } from "../core/limits.ts";
import type { Instant } from "../core/time.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Store } from "../ports/store.ts";

/** What was open in a store that went back. */
export interface Reopened {
  /** Held: they run with their agent, and those that are older than its `hold.askAfter` ask first. */
  readonly waiting: number;
  /** Chat commands that nobody carries out any more. */
  readonly commands: number;
  /** Deliveries whose repeat is flagged. */
  readonly inDoubt: number;
}

const PAGE = 200;
const WHY = "the store went back to an earlier time";

/** Prepares a store that went back for its next start. Doing it twice changes nothing more. */
export async function reopen(store: Store, at: Instant): Promise<Reopened> {
  return {
    commands: await dropCommands(store, at),
    waiting: await holdWaiting(store, at),
    inDoubt: await doubtDeliveries(store, at),
  };
}

/** A command belongs to its moment. */
async function dropCommands(store: Store, at: Instant): Promise<number> {
  const controls = await store.pendingControls();
  const moves = controls.map(({ id, attempt }) => ({
    id,
    attempt,
    from: "queued" as const,
    to: "cancelled" as const,
    event: "cancelled",
    data: { by: "restore" },
  }));
  if (moves.length > 0) await store.move(moves, [], at);
  return moves.length;
}

async function holdWaiting(store: Store, at: Instant): Promise<number> {
  let held = 0;
  for (const { entries } of await store.interrupted()) held += await hold(store, entries, at);
  for (const session of await store.waitingSessions()) {
    const waiting = await store.waiting(session, LIMITS.waitingPerSession);
    held += await hold(
      store,
      waiting.filter(({ state }) => state === "queued"),
      at,
    );
  }
  return held;
}

/** As if held since they came: then their age decides whether they ask. */
async function hold(store: Store, entries: readonly Entry[], at: Instant): Promise<number> {
  const moves = entries.flatMap(({ id, attempt, state, acceptedAt }) => {
    if (state !== "queued" && state !== "running") return [];
    return {
      id,
      attempt,
      from: state,
      to: "held" as const,
      hold: { code: "restored" as const, since: acceptedAt, incident: null },
      event: "restored",
    };
  });
  for (let n = 0; n < moves.length; n += PAGE) await store.move(moves.slice(n, n + PAGE), [], at);
  return moves.length;
}

async function doubtDeliveries(store: Store, at: Instant): Promise<number> {
  let doubted = 0;
  let page: readonly Delivery[];
  for (let after = 0; ; after = page.at(-1)?.seq ?? after) {
    page = await store.openAfter(after, PAGE);
    for (const delivery of page) doubted += (await doubt(store, delivery, at)) ? 1 : 0;
    if (page.length < PAGE) return doubted;
  }
}

/** What was being sent is in doubt by itself at the next start. */
async function doubt(store: Store, { id, state, attempts }: Delivery, at: Instant): Promise<boolean> {
  if (state === "sending") return true;
  if (state !== "ready" && state !== "retry-at") return false;
  const intent = await store.sending(id, state, attempts, at);
  if (intent === null) return false;
  await store.settle(id, intent.attempts, { state: "in-doubt", notBefore: at, detail: WHY }, at);
  return true;
}
