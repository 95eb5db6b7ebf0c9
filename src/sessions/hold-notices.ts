import type { NewDelivery } from "../core/delivery.ts";
import type { Entry, Hold } from "../core/entry.ts";
import { publishStates, targetOf, type TurnDeps } from "./turn-deps.ts";

/** Moves queued messages into a hold. Returns those that it moved. */
export async function enterHold(
  deps: TurnDeps,
  waiting: readonly Entry[],
  hold: Hold,
): Promise<readonly Entry[]> {
  const fresh = waiting.filter(({ state }) => state === "queued");
  if (fresh.length === 0) return [];
  const moves = fresh.map(({ id, attempt }) => ({
    id,
    from: "queued" as const,
    attempt,
    to: "held" as const,
    hold,
    event: "held",
    data: { code: hold.code },
  }));
  if (!(await deps.store.move(moves, [], deps.clock.now()))) return [];
  deps.log.warn("message.held", { ids: fresh.map(({ id }) => id), code: hold.code, incident: hold.incident });
  publishStates(deps, fresh, "held");
  return fresh;
}

/** Ends held messages for good, and tells their senders. */
export async function endHold(
  deps: TurnDeps,
  entries: readonly Entry[],
  text: string,
  event: "hold-expired" | "unanswered",
): Promise<void> {
  const moves = entries.map(({ id, attempt }) => ({
    id,
    from: "held" as const,
    attempt,
    to: "dead" as const,
    event,
  }));
  const deliveries = entries.map((entry) => noticeTo(deps, entry, text, `expired:${entry.id}`));
  await deps.store.move(moves, deliveries, deps.clock.now());
  const [first] = entries;
  deps.log.warn("message.dead", {
    entries: entries.map(({ id }) => id),
    code: first?.hold?.code ?? "agent-unavailable",
  });
  publishStates(deps, entries, "dead");
  deps.outbox.wake();
}

/** Something to be said to the sender of a message, once per key. */
export function noticeTo(
  deps: Pick<TurnDeps, "ids" | "clock">,
  entry: Entry,
  text: string,
  key: string,
): NewDelivery {
  const { address, quote } = targetOf([entry]);
  return {
    id: deps.ids.delivery(),
    key,
    kind: "notice",
    address,
    body: { text, format: "plain", ...(quote !== null && { quote }) },
    entry: entry.id,
    turn: null,
    part: 0,
    createdAt: deps.clock.now(),
  };
}
