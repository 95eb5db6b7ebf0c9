import type { Address } from "../core/address.ts";
import type { Entry } from "../core/entry.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";

/** When this life of the gateway began, and since when each channel account receives in it. */
export function createLife(
  clock: Clock,
  channel: (address: Address) => Channel | undefined,
): (entry: Entry) => {
  readonly since: Instant;
  readonly age: Duration;
  readonly receiving: Duration | null;
} {
  const since = clock.now();
  const begun = clock.monotonic();
  const first = new Map<string, Duration>();
  return ({ address }) => {
    const key = `${address.channel}/${address.account}`;
    const now = clock.monotonic();
    if (!first.has(key) && channel(address)?.state().lastReceive != null) first.set(key, now);
    const received = first.get(key);
    return { since, age: now - begun, receiving: received === undefined ? null : now - received };
  };
}
