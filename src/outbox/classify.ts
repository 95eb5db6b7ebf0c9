import { backoffDelay } from "../core/backoff.ts";
import type { Delivery } from "../core/delivery.ts";
import { BACKOFF, LIMITS } from "../core/limits.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { ChannelCapabilities, SendOutcome } from "../ports/channel.ts";
import type { OutboxStore } from "../ports/store.ts";

/** What a delivery becomes after a try. */
export type Settlement = Parameters<OutboxStore["settle"]>[2];

/**
 * Decides what a try's outcome means for its delivery. Pure.
 *
 * What never left us is tried again for as long as it takes; what may have arrived is tried again a bounded number of
 * times, as the channel can; pacing uses no try; a live view that is in doubt is given up, since the reply follows.
 */
export function settlementOf(
  delivery: Delivery,
  outcome: SendOutcome,
  now: Instant,
  random: number,
): Settlement {
  const delay = backoffDelay(BACKOFF.delivery, delivery.attempts, random);
  switch (outcome.kind) {
    case "sent":
      return { state: "sent", platformId: outcome.platformId };
    case "refused":
      return { state: "dead", detail: outcome.detail };
    case "wait":
      return { state: "retry-at", notBefore: now + outcome.after };
    case "not-sent":
      if (delivery.kind === "progress") return { state: "dead", detail: outcome.detail };
      return { state: "retry-at", notBefore: now + delay };
    case "in-doubt":
      if (delivery.kind === "progress" || (delivery.doubts ?? 0) + 1 >= LIMITS.deliveryAttempts)
        return { state: "dead", detail: outcome.detail };
      return { state: "in-doubt", notBefore: now + delay, detail: outcome.detail };
  }
}

/** How a delivery is tried: as it is, as a marked repeat, or after a look whether it is there already. */
export type Manner = "plain" | "marked" | "look-first";

/**
 * How a delivery is tried again whose earlier try is in doubt, by what its platform can do. Pure.
 *
 * A platform that knows keys, or can be looked at, does so for some time; after that only a mark is honest. An edit of
 * a message that is known changes nothing when it is made twice.
 *
 * @param known whether the text goes into a message whose id is known
 * @param age of the delivery
 */
export function mannerOf(
  delivery: Pick<Delivery, "inDoubt">,
  { inDoubt, remembers }: Pick<ChannelCapabilities, "inDoubt" | "remembers">,
  known: boolean,
  age: Duration,
): Manner {
  if (!delivery.inDoubt) return "plain";
  const remembered = remembers === undefined || age < remembers;
  switch (inDoubt) {
    case "nonce":
      return remembered ? "plain" : "marked";
    case "read-back":
      return remembered ? "look-first" : "marked";
    case "edit":
      return known ? "plain" : "marked";
    case "repeat":
      return "marked";
  }
}
