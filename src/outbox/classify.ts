import { backoffDelay } from "../core/backoff.ts";
import type { Delivery } from "../core/delivery.ts";
import { BACKOFF, LIMITS } from "../core/limits.ts";
import type { Instant } from "../core/time.ts";
import type { SendOutcome } from "../ports/channel.ts";
import type { OutboxStore } from "../ports/store.ts";

/** What a delivery becomes after a try. */
export type Settlement = Parameters<OutboxStore["settle"]>[2];

/**
 * Decides what a try's outcome means for its delivery. Pure.
 *
 * What never left us is tried again for as long as it takes; what may have arrived is tried again a bounded number of
 * times, marked as a repeat; pacing uses no try; a live view that is in doubt is given up, since the reply follows.
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
      if (delivery.kind === "progress" || delivery.attempts >= LIMITS.deliveryAttempts)
        return { state: "dead", detail: outcome.detail };
      return { state: "in-doubt", notBefore: now + delay, detail: outcome.detail };
  }
}
