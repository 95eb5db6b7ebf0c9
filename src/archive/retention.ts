/**
 * Clears away what is old enough, so that nothing grows without end. In slices with pauses between them: whoever sends
 * a message meanwhile doesn't notice.
 *
 * Keeps: I16 (what is stored stays within bounds), I18 (what goes is counted as gone).
 */
import type { Config } from "../core/config.ts";
import { ENDED_STATES } from "../core/entry.ts";
import { messageOf } from "../core/errors.ts";
import type { Instant } from "../core/time.ts";
import type { BlobFolder } from "../ports/blobs.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { LEFTOVERS, type Leftover, type RetentionStore } from "../ports/retention.ts";
import { clearOldFiles } from "./clear-files.ts";
import { RETENTION } from "./limits.ts";

export interface RetentionDeps {
  readonly store: RetentionStore;
  readonly files: BlobFolder;
  readonly clock: Clock;
  readonly log: Log;
  /** Read at each pass: a reload may change it. */
  readonly limits: () => Config["retention"];
}

/** What one pass took away. */
export interface Pass {
  readonly messages: number;
  readonly canaries: number;
  readonly files: number;
  readonly leftovers: Readonly<Record<Leftover, number>>;
}

export interface Retention {
  start(): void;
  /** A pass under way ends at its next slice. */
  stop(): void;
  /** One pass over everything. Null when it was stopped. */
  pass(): Promise<Pass | null>;
}

class Stopped extends Error {}

export function createRetention(deps: RetentionDeps): Retention {
  const { clock, log } = deps;
  const stop = new AbortController();
  let cancel = (): void => {};
  const pass = async (): Promise<Pass | null> => {
    try {
      return await clearAll(deps, stop.signal);
    } catch (error) {
      if (error instanceof Stopped) return null;
      throw error;
    }
  };
  const turn = async (): Promise<void> => {
    try {
      const cleared = await pass();
      if (cleared !== null) report(log, cleared);
    } catch (error) {
      log.warn("retention.failed", { error: messageOf(error) });
    }
    if (!stop.signal.aborted) cancel = clock.timer(RETENTION.every, () => void turn());
  };
  return {
    pass,
    start: () => void (cancel = clock.timer(RETENTION.firstAfter, () => void turn())),
    stop() {
      stop.abort();
      cancel();
    },
  };
}

function report(log: Log, { messages, canaries, files, leftovers }: Pass): void {
  const others = Object.values(leftovers).reduce((sum, n) => sum + n, 0);
  if (messages + canaries + files + others > 0)
    log.info("retention.cleared", { messages, canaries, files, ...leftovers });
}

async function clearAll(deps: RetentionDeps, stop: AbortSignal): Promise<Pass> {
  const limits = deps.limits();
  const now = deps.clock.now();
  const messages = await clearMessages(deps, { before: now - limits.messages }, stop);
  const canaries = await clearMessages(deps, { before: now - RETENTION.canaries, canaries: true }, stop);
  const ages = leftoverAges(limits);
  const leftovers = {} as Record<Leftover, number>;
  for (const what of LEFTOVERS) leftovers[what] = await clearLeftover(deps, what, now - ages[what], stop);
  const files = await clearOldFiles(deps, now - limits.attachments);
  return { messages, canaries, files, leftovers };
}

/** From which age each goes. What messages may still refer to is never younger than they are. */
function leftoverAges({ messages }: Config["retention"]): Readonly<Record<Leftover, number>> {
  return {
    turns: messages,
    deliveries: Math.max(messages, RETENTION.notices),
    usage: Math.max(messages, RETENTION.usage),
    sessions: Math.max(messages, RETENTION.sessions),
    talk: messages,
    pairings: RETENTION.pairings,
    keys: RETENTION.keys,
  };
}

async function clearMessages(
  { store, clock }: RetentionDeps,
  which: { readonly before: Instant; readonly canaries?: boolean },
  stop: AbortSignal,
): Promise<number> {
  let count = 0;
  for (const state of ENDED_STATES)
    for (let after: number | null = 0; after !== null;) {
      const cleared = await store.clear({ ...which, state, after, rows: RETENTION.rows });
      count += cleared.count;
      after = cleared.next;
      await pause(clock, stop);
    }
  return count;
}

async function clearLeftover(
  { store, clock }: RetentionDeps,
  what: Leftover,
  before: Instant,
  stop: AbortSignal,
): Promise<number> {
  let count = 0;
  for (let after: string | null = ""; after !== null;) {
    const cleared = await store.clearLeftover(what, before, after, RETENTION.leftovers);
    count += cleared.count;
    after = cleared.next;
    await pause(clock, stop);
  }
  return count;
}

async function pause(clock: Clock, stop: AbortSignal): Promise<void> {
  await clock.sleep(RETENTION.pause, stop);
  if (stop.aborted) throw new Stopped();
}
