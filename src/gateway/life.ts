import type { Address } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import type { Instant } from "../core/time.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";

/** When this life of the gateway began, and since when each channel account receives in it. */
export function createLife(
  clock: Clock,
  channel: (address: Address) => Channel | undefined,
): (entry: Entry) => { readonly since: Instant; readonly receivedAt: Instant | null } {
  const since = clock.now();
  const first = new Map<string, Instant>();
  return ({ address }) => {
    const key = `${address.channel}/${address.account}`;
    const known = first.get(key);
    const receives = known === undefined && channel(address)?.state().lastReceive != null;
    if (receives) first.set(key, clock.now());
    return { since, receivedAt: first.get(key) ?? null };
  };
}
