import { entryStep, type Entry } from "../core/entry.ts";
import type { Ids, SessionKey } from "../core/ids.ts";
import type { NewDelivery } from "../core/delivery.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { ReadStore, TurnStore } from "../ports/store.ts";
import { publishStates, targetOf } from "../sessions/turn-deps.ts";

export interface RemovalDeps {
  readonly store: ReadStore & Pick<TurnStore, "move">;
  readonly outbox: Pick<Outbox, "wake">;
  readonly events: Events;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
}

const PAGE = 500;

/** How many messages wait or run for each of these agents. */
export async function countWaiting(
  store: ReadStore,
  agents: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map(agents.map((agent) => [agent, 0]));
  if (agents.length === 0) return counts;
  for await (const { agent } of entriesOf(store, ["queued", "held", "running"])) {
    const count = counts.get(agent);
    if (count !== undefined) counts.set(agent, count + 1);
  }
  return counts;
}

/**
 * Cancels what waits for these agents and tells each conversation once. Turns that run go on to their end.
 *
 * @returns how many messages were cancelled
 */
export async function dropWaiting(deps: RemovalDeps, agents: readonly string[]): Promise<number> {
  if (agents.length === 0) return 0;
  const bySession = new Map<SessionKey, Entry[]>();
  for await (const entry of entriesOf(deps.store, ["queued", "held"])) {
    if (!agents.includes(entry.agent)) continue;
    bySession.set(entry.session, [entry, ...(bySession.get(entry.session) ?? [])]);
  }
  let dropped = 0;
  for (const entries of bySession.values()) dropped += await dropSession(deps, entries);
  if (dropped > 0) deps.outbox.wake();
  return dropped;
}

async function* entriesOf(
  store: ReadStore,
  states: readonly ("queued" | "held" | "running")[],
): AsyncGenerator<Entry> {
  let before: number | undefined;
  for (;;) {
    const page = await store.messages({ states, limit: PAGE, ...(before !== undefined && { before }) });
    for (const { entry } of page) if (entry.kind === "message") yield entry;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    before = last.entry.seq;
  }
}

/** One by one: a message that began to run meanwhile runs. */
async function dropSession(deps: RemovalDeps, entries: readonly Entry[]): Promise<number> {
  const now = deps.clock.now();
  const dropped: Entry[] = [];
  for (const entry of entries) {
    const { id, state, attempt } = entry;
    const step = entryStep(state, "cancelled");
    if (step === null) continue;
    const move = { id, attempt, ...step, event: "agent-removed" };
    if (await deps.store.move([move], entry === entries[0] ? [noticeTo(deps, entry)] : [], now))
      dropped.push(entry);
  }
  publishStates(deps, dropped, "cancelled");
  deps.log.warn("message.dropped", { ids: dropped.map(({ id }) => id), agent: entries[0]?.agent });
  return dropped.length;
}

const TEXT =
  "Your message was not answered: the agent that it was for has been taken out of service by the operator.";

function noticeTo(deps: RemovalDeps, entry: Entry): NewDelivery {
  const { address, quote } = targetOf([entry]);
  return {
    id: deps.ids.delivery(),
    key: `dropped:${entry.id}`,
    kind: "notice",
    address,
    body: { text: TEXT, format: "plain", ...(quote !== null && { quote }) },
    entry: entry.id,
    turn: null,
    part: 0,
    createdAt: deps.clock.now(),
  };
}
