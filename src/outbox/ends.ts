/** What follows when a delivery comes to a bad end: its reader and the operator are told. */
import { formatAddress } from "../core/address.ts";
import type { Delivery, NewDelivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { SendOutcome } from "../ports/channel.ts";
import type { DispatcherDeps } from "./deps.ts";
import { TEXTS } from "./texts.ts";

/** Whether people would miss it. What is told about itself elsewhere, or is of the moment, isn't. */
export function isMissed({ kind, key }: Pick<Delivery, "kind" | "key">): boolean {
  return kind === "reply" || kind === "permission" || key.startsWith("notify:");
}

/**
 * The notice for the reader of a reply of which a part can't be sent. The other parts are sent all the same, so that a
 * gap is never silent. Null where nothing can be said: the chat takes nothing.
 */
export function gapNotice(
  deps: Pick<DispatcherDeps, "ids" | "clock">,
  delivery: Delivery,
  outcome: SendOutcome,
  alone: boolean,
): NewDelivery | null {
  if (delivery.kind !== "reply") return null;
  if (outcome.kind === "refused" && outcome.scope === "chat") return null;
  const text = outcome.kind === "in-doubt" ? TEXTS.unsure : alone ? TEXTS.lost : TEXTS.gap;
  return {
    id: deps.ids.delivery(),
    key: `gap:${delivery.key}`,
    kind: "notice",
    address: delivery.address,
    body: { text, format: "plain" },
    entry: delivery.entry,
    turn: null,
    part: 0,
    createdAt: deps.clock.now(),
  };
}

/** The operator sees what can't be sent: its reader often can't be told. */
export function tellOperator(deps: Pick<DispatcherDeps, "alerts">, delivery: Delivery, detail: string): void {
  if (!isMissed(delivery)) return;
  const { channel, account } = delivery.address;
  const what =
    delivery.entry === null ? `A notification (${delivery.key})` : `The answer to message ${delivery.entry}`;
  deps.alerts?.raise({
    code: "reply-undelivered",
    subject: `deliveries/${channel}/${account}`,
    severity: "warning",
    lasting: false,
    channel: `${channel}/${account}`,
    summary: `${what} could not be delivered to ${formatAddress(delivery.address)}: ${detail}.`,
  });
}

/** Says that messages came to their end. */
export function publishEnds(deps: Pick<DispatcherDeps, "log" | "events">, ended: readonly Entry[]): void {
  for (const { id, session, state, address } of ended) {
    deps.log.info(state === "done" ? "message.done" : "message.dead", { id, session });
    deps.events.publish({ type: "message", id, conversation: address.conversation, state });
  }
}
