import type { Entry } from "../core/entry.ts";
import { RollcallError } from "../core/errors.ts";
import type { MessageId } from "../core/ids.ts";
import type { Actor } from "../ports/operate.ts";
import type { OperateDeps } from "./operate-deps.ts";
import { publishStates } from "./turn-deps.ts";
import { turnMates } from "./turn-mates.ts";

/** Entries that are moved in one transaction. */
const TOGETHER = 200;

/** Lets one held message go. @throws RollcallError `no-such-id`, `state-conflict` */
export async function release(deps: OperateDeps, id: MessageId, by?: Actor): Promise<Entry> {
  const stored = await deps.store.message(id);
  if (stored === null) throw new RollcallError("no-such-id", { detail: id });
  const { entry } = stored;
  const letGo = entry.state === "held" ? await free(deps, await turnMates(deps.store, entry), by) : [];
  const freed = letGo.find((one) => one.id === id);
  if (freed === undefined)
    throw new RollcallError("state-conflict", { detail: `message ${id} is ${entry.state}` });
  deps.retryCandidates?.(entry.agent);
  deps.lanes.wake(entry.session);
  return freed;
}

/** Lets everything go that is held, for one agent or for all. Looked up first: what is held again isn't let go twice. */
export async function releaseHeld(
  deps: OperateDeps,
  agent: string | null,
  by?: Actor,
): Promise<readonly Entry[]> {
  const held: Entry[] = [];
  for (let before: number | undefined; ; before = held.at(-1)?.seq) {
    const page = await deps.store.messages({
      states: ["held"],
      limit: TOGETHER,
      ...(before !== undefined && { before }),
    });
    held.push(...page.map(({ entry }) => entry));
    if (page.length < TOGETHER) break;
  }
  const wanted = held.filter((entry) => agent === null || entry.agent === agent).toReversed();
  const freed: Entry[] = [];
  for (let at = 0; at < wanted.length; at += TOGETHER)
    freed.push(...(await free(deps, wanted.slice(at, at + TOGETHER), by)));
  deps.retryCandidates?.(agent);
  for (const session of new Set(freed.map((entry) => entry.session))) deps.lanes.wake(session);
  deps.log.info("messages.released", { agent, count: freed.length });
  return freed;
}

/** One that moved on meanwhile spoils its whole batch: then each is tried on its own. */
async function free(
  deps: OperateDeps,
  entries: readonly Entry[],
  by: Actor | undefined,
): Promise<readonly Entry[]> {
  const now = deps.clock.now();
  const moves = entries.map(({ id, attempt, hold }) => ({
    id,
    from: "held" as const,
    attempt,
    to: "queued" as const,
    notBefore: now,
    // An interrupted turn goes on; any other begins anew, so that messages let go one by one don't share one.
    leaveTurn: hold?.code !== "turn-interrupted",
    event: "released",
    ...(by !== undefined && { data: { by: by.name } }),
  }));
  if (await deps.store.move(moves, [], now)) {
    publishStates(deps, entries, "queued");
    return entries.map((entry) => ({ ...entry, state: "queued", hold: null }));
  }
  if (entries.length === 1) return [];
  const freed: Entry[] = [];
  for (const entry of entries) freed.push(...(await free(deps, [entry], by)));
  return freed;
}
