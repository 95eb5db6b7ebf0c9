/**
 * From a poll's updates to the intake: read one by one, stored together, confirmed only then. What was in work at a crash
 * of the process is read and stored on its own, and after too many crashes it isn't read any more.
 *
 * Keeps: I3 (everything below the cursor is accepted, duplicate, ignored or refused), whatever an update holds.
 */
import { CRASHES_MOST, type Subject } from "../../core/poison.ts";
import type { Guard } from "../../ports/guard.ts";
import type { Inbound, Intake } from "../../ports/intake.ts";
import type { Log } from "../../ports/log.ts";
import { asObject, numberAt } from "./json.ts";
import type { ParseContext } from "./parse-names.ts";
import { parseUpdate } from "./parse.ts";
import { unreadableUpdate } from "./unreadable.ts";

export interface TakeDeps {
  readonly log: Log;
  readonly intake: Intake;
  readonly guard: Guard;
  readonly context: ParseContext;
  /** Last update id that was stored, null when it is unknown or too old. */
  readonly cursor: number | null;
  /** Whether this group's messages are for the bot even when it isn't named. */
  readonly listens: (conversation: string) => boolean;
}

/** How far below the cursor an update is taken for one that came before. */
const CURSOR_NEAR = 1000;

/**
 * Stores a poll's updates in order. Calls back with the id after the last that is stored, each time that more is.
 *
 * @throws whatever the intake throws: nothing beyond the last call back is stored
 */
export async function takeUpdates(
  deps: TakeDeps,
  updates: readonly unknown[],
  stored: (next: number) => void,
): Promise<void> {
  for (const group of groupsOf(deps, updates)) {
    const items: Inbound[] = [];
    for (const update of group) items.push(await readUpdate(deps, update));
    await storeItems(deps, items, group.map(idOf), stored);
  }
}

/** Stores what was read. `ids` in the order of delivery; the cursor is the last of them. */
export async function storeItems(
  deps: TakeDeps,
  items: readonly Inbound[],
  ids: readonly (number | undefined)[],
  stored: (next: number) => void,
): Promise<void> {
  const { account, bot } = deps.context;
  const known = ids.filter((id) => id !== undefined);
  // Not the highest: ids may have begun anew within the batch, and what is above is only delivered again.
  const last = known.at(-1);
  const cursor = { channel: "telegram", account, identity: bot.id, value: String(last) };
  const subjects = known.map((id) => subjectOf(deps, id));
  await deps.guard.run("accept", subjects, () =>
    deps.intake.accept({ channel: "telegram", account, items, ...(last !== undefined && { cursor }) }),
  );
  for (const subject of subjects) if (deps.guard.crashes(subject) > 0) deps.guard.clear(subject);
  if (last !== undefined) stored(last + 1);
}

const idOf = (update: unknown): number | undefined => numberAt(asObject(update) ?? {}, "update_id");

function subjectOf({ context: { account, bot } }: TakeDeps, id: number): Subject {
  return `update:${account}/${bot.id}/${id}`;
}

/** Suspects each alone, everything else as it came. */
function groupsOf(deps: TakeDeps, updates: readonly unknown[]): readonly (readonly unknown[])[] {
  const groups: unknown[][] = [];
  let open = false;
  for (const update of updates) {
    const id = idOf(update);
    const suspected = id !== undefined && deps.guard.crashes(subjectOf(deps, id)) > 0;
    if (open && !suspected) groups.at(-1)?.push(update);
    else groups.push([update]);
    open = !suspected;
  }
  return groups;
}

async function readUpdate(deps: TakeDeps, update: unknown): Promise<Inbound> {
  const id = idOf(update);
  const subjects = id === undefined ? [] : [subjectOf(deps, id)];
  const crashes = subjects.reduce((sum, subject) => sum + deps.guard.crashes(subject), 0);
  const reason = `the gateway crashed ${crashes} times while it read this`;
  // Told apart as another step: that it isn't read any more doesn't clear it before it is stored.
  const item =
    crashes < CRASHES_MOST
      ? await deps.guard.run("parse", subjects, () => parseUpdate(update, deps.context))
      : await deps.guard.run("accept", subjects, () =>
          unreadableUpdate(update, deps.context, reason, crashes > CRASHES_MOST),
        );
  if (item.kind === "unreadable") deps.log.error("telegram.unreadable", { update: id, detail: item.reason });
  if (item.kind === "ignored") deps.log.debug("telegram.ignored", { reason: item.reason });
  if (item.kind !== "message" || item.addressed || deps.listens(item.address.conversation)) return item;
  // Talk of a group has no key in the store: stored before a crash, it must not be remembered twice.
  const before =
    id !== undefined && deps.cursor !== null && id <= deps.cursor && id > deps.cursor - CURSOR_NEAR;
  return before ? { kind: "ignored", reason: "came before the last stop" } : item;
}
