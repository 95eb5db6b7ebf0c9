import type { Entry } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";

/**
 * How long messages have been held. Within a life of the process by the monotonic clock, so that a wall clock that
 * jumps makes none old and none young; for what an earlier life held, by the wall clock at the first look, since
 * nothing else is left.
 */
export interface HoldAges {
  /** 0 for a message that isn't held. */
  of(entry: Pick<Entry, "id" | "hold">): Duration;
}

interface Anchor {
  readonly since: Instant;
  readonly age: Duration;
  readonly at: Duration;
}

/** Messages that are remembered; the ones looked at longest ago go first, and count from the wall clock again. */
const KNOWN = 50_000;

export function createHoldAges(clock: Clock): HoldAges {
  const anchors = new Map<MessageId, Anchor>();
  return {
    of({ id, hold }) {
      if (hold === null) return 0;
      const now = clock.monotonic();
      let anchor = anchors.get(id);
      if (anchor?.since !== hold.since) {
        anchor = { since: hold.since, age: Math.max(0, clock.now() - hold.since), at: now };
        const [oldest] = anchors.keys();
        if (anchors.size >= KNOWN && oldest !== undefined) anchors.delete(oldest);
        anchors.set(id, anchor);
      }
      return anchor.age + now - anchor.at;
    },
  };
}
