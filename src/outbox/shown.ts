import type { NewDelivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { DispatcherDeps } from "./deps.ts";
import { publishEnds } from "./ends.ts";

/** What is told of a delivery that the dispatcher sent, of those that needed no sending. */
export function reportShown(
  deps: Pick<DispatcherDeps, "log" | "metrics" | "events">,
  deliveries: readonly NewDelivery[],
  ended: readonly Entry[],
): void {
  for (const { id, key, address } of deliveries) {
    deps.metrics.count("deliveries_total", { channel: address.channel, outcome: "sent" });
    deps.log.info("delivery.sent", { id, key, channel: address.channel, attempt: 0, ms: 0 });
  }
  publishEnds(deps, ended);
}
