import type { NewDelivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { Instant } from "../core/time.ts";
import type { Turn } from "../core/turn.ts";
import { targetOf, type TurnDeps } from "./turn-deps.ts";

export interface EndNotice {
  readonly entries: readonly [Entry, ...Entry[]];
  /** The one of them that the notice belongs to. */
  readonly entry: Entry;
  readonly text: string;
  readonly at: Instant;
}

/** What a sender reads about an attempt that ended without an answer: once per attempt. */
export function endNotice(
  ids: TurnDeps["ids"],
  turn: Turn,
  { entries, entry, text, at }: EndNotice,
): NewDelivery {
  const { address, quote } = targetOf(entries);
  return {
    id: ids.delivery(),
    key: `end:${turn.id}:${turn.attempt}`,
    kind: "notice",
    address,
    body: { text, format: "markdown", ...(quote !== null && { quote }) },
    entry: entry.id,
    turn: turn.id,
    part: 0,
    createdAt: at,
  };
}
