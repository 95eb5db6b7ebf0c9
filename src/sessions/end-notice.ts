import type { NewDelivery } from "../core/delivery.ts";
import type { Entry } from "../core/entry.ts";
import type { Instant } from "../core/time.ts";
import type { Turn } from "../core/turn.ts";
import type { Actor } from "../ports/operate.ts";
import { targetOf, type TurnDeps } from "./turn-deps.ts";

/** Whether a message's sender has to be told that somebody cancelled it: not who did it, and not a caller of the API. */
export function mustTell(entry: Entry, by: Actor | undefined): boolean {
  return entry.role !== "operator" && by?.session !== entry.session;
}

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
