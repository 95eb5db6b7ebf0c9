import type { Entry } from "../core/entry.ts";
import type { MessageId } from "../core/ids.ts";
import type { Actor } from "../ports/operate.ts";
import type { OperateDeps } from "./operate-deps.ts";
import { rampDelay } from "./ramp.ts";
import { publishStates } from "./turn-deps.ts";

/** Messages that are looked at and moved at once. */
const TOGETHER = 200;

/**
 * Queues dead messages again, oldest first. What made them fail may not bear them all at once: each session's first one
 * waits for its place on the ramp, durably, so that a restart in between doesn't let all of them go.
 */
export async function retryDead(
  deps: OperateDeps,
  agent: string | null,
  by?: Actor,
): Promise<readonly MessageId[]> {
  const now = deps.clock.now();
  const known = (await deps.store.counts()).dead;
  const places = new Map<string, number>();
  const queued: MessageId[] = [];
  for (let after = 0; ;) {
    const page = await deps.store.deadMessages(agent, after, TOGETHER);
    const entries = page.map(({ entry }) => entry);
    const moved = await retryAll(deps, entries, by, ({ session }) => {
      const place = places.get(session) ?? places.size;
      places.set(session, place);
      return now + rampDelay(place, Math.max(known, place + 1));
    });
    queued.push(...moved.map(({ id }) => id));
    after = page.at(-1)?.n ?? after;
    if (page.length < TOGETHER) break;
  }
  deps.log.info("messages.retried", { agent, count: queued.length, by: by?.name ?? null });
  return queued;
}

/** One that moved on meanwhile spoils its whole batch: then each is tried on its own. */
async function retryAll(
  deps: OperateDeps,
  entries: readonly Entry[],
  by: Actor | undefined,
  notBefore: (entry: Entry) => number,
): Promise<readonly Entry[]> {
  if (entries.length === 0) return [];
  const moves = entries.map((entry) => ({
    id: entry.id,
    from: "dead" as const,
    attempt: entry.attempt,
    to: "queued" as const,
    notBefore: notBefore(entry),
    leaveTurn: true,
    withdraw: true,
    event: "retried",
    ...(by !== undefined && { data: { by: by.name } }),
  }));
  if (!(await deps.store.move(moves, [], deps.clock.now()))) {
    if (entries.length === 1) return [];
    const each: Entry[] = [];
    for (const entry of entries) each.push(...(await retryAll(deps, [entry], by, notBefore)));
    return each;
  }
  publishStates(deps, entries, "queued");
  for (const session of new Set(entries.map((entry) => entry.session))) deps.lanes.wake(session);
  return entries;
}
