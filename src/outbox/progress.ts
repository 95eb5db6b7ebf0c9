import type { Address } from "../core/address.ts";
import { SECOND, type Duration } from "../core/time.ts";
import { progressKey, type NewDelivery } from "../core/delivery.ts";
import { messageOf } from "../core/errors.ts";
import type { Ids, MessageId, TurnId } from "../core/ids.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { Progress, ReplyTarget } from "../ports/outbox.ts";
import type { OutboxStore } from "../ports/store.ts";

export interface ProgressDeps {
  readonly store: OutboxStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly events: Events;
  readonly log: Log;
  readonly wake: () => void;
  /** Whether replies wait for a place: then a live view stands still. */
  readonly crowded: (address: Address) => boolean;
  /** Remembers that the last edit of a live view may land late. */
  readonly doubtful: (key: string) => void;
}

export type ProgressOf = { readonly turn: TurnId; readonly entry: MessageId } & ReplyTarget;

/** Pace of the live view. Groups see it only when an answer takes long, since everybody there is disturbed by it. */
const PACE = {
  events: 50,
  direct: { first: 0.7 * SECOND, every: 1.5 * SECOND },
  group: { first: 5 * SECOND, every: 4 * SECOND },
  end: 5 * SECOND,
} as const;

/** Nothing is shown. */
export const noProgress: Progress = { show: () => {}, end: async () => {} };

/** Shows the answer so far to watchers of events, at most every 50 ms. */
export function eventProgress(deps: ProgressDeps, of: ProgressOf): Progress {
  let cancel: (() => void) | null = null;
  let latest: { text: string; activity: string | null } | null = null;
  const publish = (): void => {
    cancel = null;
    if (latest === null) return;
    deps.events.publish({ type: "progress", id: of.entry, conversation: of.address.conversation, ...latest });
    latest = null;
  };
  return {
    show(text, activity) {
      latest = { text, activity };
      cancel ??= deps.clock.timer(PACE.events, publish);
    },
    async end() {
      cancel?.();
      publish();
    },
  };
}

/**
 * Shows the answer so far in one message of the platform: a durable, silent placeholder, then edits of it, strictly
 * one after another, the latest text only.
 */
export function editProgress(deps: ProgressDeps, channel: Channel, of: ProgressOf): Progress {
  const key = progressKey(of.turn);
  const pace = PACE[of.chat];
  const stop = new AbortController();
  /** Aborted only when waiting for an edit takes too long: an edit that is cut off may still land. */
  const edits = new AbortController();
  let latest = "";
  let shown = "";
  let placed = false;
  let inDoubt = false;

  const place = async (): Promise<void> => {
    placed = true;
    shown = latest;
    await deps.store.addDelivery(placeholder(deps, of, shown));
    deps.wake();
  };

  const edit = async (): Promise<void> => {
    const delivery = await deps.store.delivery(key);
    if (delivery?.platformId == null || latest === shown || channel.edit === undefined) return;
    if (deps.crowded(of.address) || (channel.room?.(of.address, "extra") ?? 0) > 0) return;
    const text = latest;
    const outcome = await channel.edit(of.address, delivery.platformId, text, edits.signal);
    // A later edit that arrived doesn't take the doubt away: the earlier one may still land after it.
    inDoubt ||= outcome.kind === "in-doubt";
    if (outcome.kind === "sent") shown = text;
    if (outcome.kind === "wait") await deps.clock.sleep(outcome.after, stop.signal);
  };

  const follow = async (): Promise<void> => {
    await deps.clock.sleep(pace.first, stop.signal);
    while (!stop.signal.aborted) {
      if (latest !== "") await (placed ? edit() : place());
      await deps.clock.sleep(placed ? pace.every : EMPTY_LOOK, stop.signal);
    }
  };
  // A full disk, say: the view ends, and the answer doesn't depend on it.
  const loop = follow().catch((error: unknown) => {
    inDoubt = placed;
    deps.log.warn("progress.failed", { turn: of.turn, error: messageOf(error) });
  });

  return {
    show(text) {
      latest = text;
    },
    async end() {
      stop.abort();
      const ended = await Promise.race([loop.then(() => true), deps.clock.sleep(PACE.end).then(() => false)]);
      edits.abort();
      if (inDoubt || !ended) deps.doubtful(key);
    },
  };
}

/** The message that is edited: silent, and durable, so that it is known after a restart. */
function placeholder({ ids, clock }: ProgressDeps, of: ProgressOf, text: string): NewDelivery {
  const quote = of.quote !== null && of.chat === "group" ? { quote: of.quote } : {};
  return {
    id: ids.delivery(),
    key: progressKey(of.turn),
    kind: "progress",
    address: of.address,
    body: { text, format: "markdown", silent: true, ...quote },
    entry: of.entry,
    turn: of.turn,
    part: 0,
    createdAt: clock.now(),
  };
}

/** How soon a turn that said nothing yet is looked at again. */
const EMPTY_LOOK: Duration = 0.3 * SECOND;
