import type { Address } from "../core/address.ts";
import type { Ids } from "../core/ids.ts";
import type { Channel } from "../ports/channel.ts";
import type { Outbox } from "../ports/outbox.ts";
import { createDispatcher, type Dispatcher, type DispatcherDeps } from "./dispatcher.ts";
import { editProgress, eventProgress, noProgress } from "./progress.ts";

export interface OutboxDeps extends Omit<DispatcherDeps, "editInDoubt"> {
  readonly ids: Ids;
}

/** Live views whose last edit may land late; bounded, since each is read once by its own reply. */
const DOUBTS_KEPT = 1000;

/** The outbox: durable deliveries through the dispatcher, live views beside it. */
export function createOutbox(deps: OutboxDeps): Outbox & Dispatcher {
  const doubts = new Set<string>();
  const dispatcher = createDispatcher({ ...deps, editInDoubt: (key) => doubts.delete(key) });
  const progressDeps = {
    ...deps,
    wake: () => dispatcher.wake(),
    doubtful(key: string) {
      if (doubts.size >= DOUBTS_KEPT) doubts.clear();
      doubts.add(key);
    },
  };
  return {
    ...dispatcher,
    plan: (reply, target) => planWith(deps.channel(target.address), reply, target),
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

/** A reply for a channel that isn't there (any more) still becomes one durable part. */
function planWith(
  channel: Channel | undefined,
  reply: Parameters<Outbox["plan"]>[0],
  target: Parameters<Outbox["plan"]>[1],
): ReturnType<Outbox["plan"]> {
  return channel?.plan(reply, target) ?? [{ text: reply.text, format: "markdown" }];
}
