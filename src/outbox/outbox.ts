import type { Address } from "../core/address.ts";
import type { Ids } from "../core/ids.ts";
import type { Channel } from "../ports/channel.ts";
import type { Outbox, WaitingAnswers } from "../ports/outbox.ts";
import { waitingAnswers } from "./answers.ts";
import { createDispatcher, type Dispatcher, type DispatcherDeps } from "./dispatcher.ts";
import { planBlind } from "./plan-blind.ts";
import { reportShown } from "./shown.ts";
import { editProgress, eventProgress, noProgress } from "./progress.ts";

export interface OutboxDeps extends Omit<DispatcherDeps, "editInDoubt"> {
  readonly ids: Ids;
}

/** Live views whose last edit may land late; the oldest go first. */
const DOUBTS_KEPT = 1000;

/** The outbox: durable deliveries through the dispatcher, live views beside it. */
export function createOutbox(deps: OutboxDeps): Outbox & Dispatcher & WaitingAnswers {
  const doubts = new Set<string>();
  // Kept beyond the first try of the reply: a second one must decide the same.
  const dispatcher = createDispatcher({ ...deps, editInDoubt: (key) => doubts.has(key) });
  const progressDeps = {
    ...deps,
    wake: () => dispatcher.wake(),
    crowded: (address: Address) => dispatcher.crowded(address),
    doubtful(key: string) {
      doubts.add(key);
      const [oldest] = doubts;
      if (doubts.size > DOUBTS_KEPT && oldest !== undefined) doubts.delete(oldest);
    },
  };
  return {
    ...dispatcher,
    ...waitingAnswers(deps, (to) => dispatcher.reopened(to)),
    plan: (reply, target) => planWith(deps.channel(target.address), reply, target),
    readsStore: (to) => deps.channel(to)?.capabilities.readsStore === true,
    shown: (deliveries, ended) => reportShown(deps, deliveries, ended),
    progress(of) {
      const channel = deps.channel(of.address);
      if (channel === undefined || channel.capabilities.progress === "none") return noProgress;
      return channel.capabilities.progress === "events"
        ? eventProgress(progressDeps, of)
        : editProgress(progressDeps, channel, of);
    },
    acknowledge({ address, quote }: { address: Address; quote: string | null }, phase) {
      deps.channel(address)?.acknowledge?.(address, quote, phase);
    },
  };
}

/** A reply for a channel that isn't there at this moment still becomes durable parts. */
function planWith(
  channel: Channel | undefined,
  reply: Parameters<Outbox["plan"]>[0],
  target: Parameters<Outbox["plan"]>[1],
): ReturnType<Outbox["plan"]> {
  return channel?.plan(reply, target) ?? planBlind(reply);
}
