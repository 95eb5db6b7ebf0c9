import type { Entry } from "../core/entry.ts";
import { LIMITS } from "../core/limits.ts";
import type { TurnStore } from "../ports/store.ts";

/**
 * A message and those that were interrupted with it in one turn, in order: their sender was asked one question, so that
 * one word lets all of them go on. Others stand alone.
 */
export async function turnMates(
  store: Pick<TurnStore, "waiting">,
  entry: Entry,
): Promise<readonly [Entry, ...Entry[]]> {
  if (entry.hold?.code !== "turn-interrupted" || entry.turn === null) return [entry];
  const waiting = await store.waiting(entry.session, LIMITS.waitingPerSession);
  const mates = waiting.filter(
    ({ id, turn, hold }) => id !== entry.id && turn === entry.turn && hold?.code === "turn-interrupted",
  );
  const [first = entry, ...rest] = [entry, ...mates].sort((a, b) => a.seq - b.seq);
  return [first, ...rest];
}
