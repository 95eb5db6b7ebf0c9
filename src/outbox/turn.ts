/** One turn of one line: what is loaded, what is too old, what asks first, and the try. */
import type { Delivery, DeliveryKind } from "../core/delivery.ts";
import type { Duration } from "../core/time.ts";
import type { Channel, SendOutcome } from "../ports/channel.ts";
import { askFirst } from "./answers.ts";
import type { DispatcherDeps } from "./deps.ts";
import { isMissed, publishEnds } from "./ends.ts";
import { OUTBOX } from "./limits.ts";
import { headOf, pauseOf, placeOf, type Account, type Item, type Line, type Lines } from "./lines.ts";
import { trySend, type Tried } from "./try-send.ts";

/** The line whose turn it is. */
export interface Place {
  readonly lines: Lines;
  readonly account: Account;
  readonly line: Line;
  readonly stop: AbortSignal;
  readonly since: () => number;
  readonly begun: () => void;
}

/** Kinds that are of no use any more when they are older. */
const OF_USE_FOR: Partial<Readonly<Record<DeliveryKind, Duration>>> = {
  progress: OUTBOX.progressAge,
  command: OUTBOX.commandAge,
  permission: OUTBOX.commandAge,
};

/** Returns how a try ended, null when there was none, `asked` when a question was stored instead. */
export async function takeTurn(
  deps: DispatcherDeps,
  channel: Channel,
  place: Place,
): Promise<SendOutcome | "asked" | null> {
  const { lines, line } = place;
  if (line.reread || (line.more && line.queue.length < 2)) await lines.read(line);
  const now = deps.clock.monotonic();
  const item = headOf(line, now);
  if (item === undefined || item.dueAt > now || line.reread) return null;
  const why = whyNot(line, item, now);
  if (why !== null) return giveUp(deps, place, item, why);
  if (isStale(item, channel, now) && (await askFirst(deps, line.to, now - item.bornAt))) {
    line.reread = true;
    return "asked";
  }
  const following = line.queue[line.queue.indexOf(item) + 1]?.delivery;
  const tried = await trySend(
    {
      ...deps,
      stop: place.stop,
      since: place.since,
      begun: place.begun,
      paused: () => pauseOf(place.account, line, deps.clock.monotonic()) > 0,
      heard: (outcome) => pause(deps, place, outcome),
    },
    channel,
    item,
    following,
  );
  if (tried === "later") lines.replace(line, item, { ...item, dueAt: now + OUTBOX.fault });
  else follow(place, item, tried);
  return tried === null || tried === "later" ? null : tried.outcome;
}

function whyNot({ doomed }: Line, { delivery, bornAt, assertIn }: Item, now: Duration): string | null {
  if (assertIn !== undefined) return null;
  if (doomed !== null && delivery.kind === "reply" && delivery.turn === doomed.turn) return doomed.detail;
  return now - bornAt > (OF_USE_FOR[delivery.kind] ?? Infinity) ? "it came too late to be of use" : null;
}

async function giveUp(
  deps: DispatcherDeps,
  { lines, line }: Place,
  item: Item,
  detail: string,
): Promise<null> {
  const { delivery } = item;
  const now = deps.clock.now();
  const settled = await deps.store.settle(delivery.id, delivery.attempts, { state: "dead", detail }, now);
  deps.log.warn("delivery.given_up", { id: delivery.id, key: delivery.key, detail });
  publishEnds(deps, settled?.ended ?? []);
  lines.replace(line, item, null);
  return null;
}

/** Old answers ask first, where sending disturbs people. */
function isStale({ delivery, bornAt, assertIn }: Item, { capabilities }: Channel, now: Duration): boolean {
  if (capabilities.quiet === true || assertIn !== undefined || !isMissed(delivery)) return false;
  return now - bornAt > OUTBOX.askAfter;
}

/** Leaves the chat, or the whole account, alone for as long as the platform wants. */
function pause(deps: DispatcherDeps, { account, line }: Place, outcome: SendOutcome): void {
  if (outcome.kind !== "wait") return;
  const until = deps.clock.monotonic() + outcome.after;
  if (outcome.scope === "account") account.pausedUntil = Math.max(account.pausedUntil, until);
  else account.pausedChats.set(line.to.conversation, until);
}

/** What the try leaves of the line. */
function follow({ lines, line }: Place, item: Item, tried: Tried | null): void {
  if (tried === null) return lines.replace(line, item, null);
  const { outcome, left, dueAt, assertIn } = tried;
  if (outcome.kind === "refused" && outcome.scope === "chat" && item.delivery.turn !== null)
    line.doomed = { turn: item.delivery.turn, detail: outcome.detail };
  if (left === null) return lines.replace(line, item, null);
  if (placeOf(left).address !== line.address) return moveOn(lines, line, item, left);
  lines.replace(line, item, { ...item, delivery: left, dueAt, ...(assertIn !== null && { assertIn }) });
}

/** The conversation got a new id: its deliveries stand in another line now. */
function moveOn(lines: Lines, line: Line, item: Item, left: Delivery): void {
  lines.replace(line, item, null);
  line.reread = true;
  lines.open(placeOf(left)).line.reread = true;
}
