/**
 * At a start, before anything is put back: what crashed the process too often is set aside, so that its lane and its
 * chat go on without it. Whatever else was in its turn goes on, each message on its own.
 */
import { entryStep, type Entry } from "../core/entry.ts";
import { CRASHES_ALONE, CRASHES_MOST, entrySubject, subjectId } from "../core/poison.ts";
import type { Delivery, NewDelivery } from "../core/delivery.ts";
import type { Ids, MessageId } from "../core/ids.ts";
import type { Instant } from "../core/time.ts";
import type { Turn } from "../core/turn.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Suspect, SuspectStore } from "../ports/guard.ts";
import type { Log } from "../ports/log.ts";
import type { Processes } from "../ports/process.ts";
import type { EntryMove, OutboxStore, ReadStore, TurnStore } from "../ports/store.ts";
import { convictedOf, crashesOf, setAside } from "./evidence.ts";

export interface QuarantineDeps {
  readonly store: Pick<TurnStore, "interrupted" | "endTurn" | "move"> &
    Pick<OutboxStore, "pendingDeliveries" | "settle" | "addDelivery"> &
    Pick<ReadStore, "message"> &
    SuspectStore;
  readonly processes: Pick<Processes, "reap">;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly events: Events;
  readonly log: Log;
}

/** What people read; nothing of it blames them. */
const TEXTS = {
  entry:
    "Your message makes the gateway itself fail, so it was set aside and isn't tried again. It is kept, and the operator can see it.",
  delivery:
    "The answer to your message can't be shown here: sending it makes the gateway itself fail. It is kept, and the operator can see it.",
} as const;

/** Returns the suspects as they are afterwards, and how many messages and deliveries were set aside. */
export async function quarantineConvicted(
  deps: QuarantineDeps,
  suspects: readonly Suspect[],
): Promise<{
  readonly suspects: readonly Suspect[];
  readonly entries: number;
  readonly deliveries: number;
}> {
  if (suspects.length === 0) return { suspects, entries: 0, deliveries: 0 };
  const convicted = convictedOf(suspects);
  const entries = await setEntriesAside(deps, suspects, idsOf(convicted, "entry"));
  const deliveries = await setDeliveriesAside(deps, idsOf(convicted, "delivery"));
  const after = [...entries.map(entrySubject), ...deliveries].flatMap((subject) =>
    setAside(suspects, subject),
  );
  await deps.store.keepSuspects(after);
  const changed = new Map(after.map((one) => [`${one.step} ${one.subject}`, one]));
  return {
    suspects: suspects.map((one) => changed.get(`${one.step} ${one.subject}`) ?? one),
    entries: entries.length,
    deliveries: deliveries.length,
  };
}

const idsOf = (subjects: readonly string[], kind: "entry" | "delivery"): readonly string[] =>
  subjects.flatMap((subject) => subjectId(subject, kind) ?? []);

async function setEntriesAside(
  deps: QuarantineDeps,
  suspects: readonly Suspect[],
  convicted: readonly string[],
): Promise<readonly MessageId[]> {
  const gone: MessageId[] = [];
  for (const { turn, entries } of await deps.store.interrupted()) {
    const guilty = entries.filter(({ id }) => convicted.includes(id));
    const apart = mustPart(suspects, turn, entries);
    if (guilty.length === 0 && !apart) continue;
    if (turn.custody !== null) await deps.processes.reap(turn.custody);
    if (await endTurn(deps, suspects, turn, entries, guilty)) gone.push(...guilty.map(({ id }) => id));
  }
  for (const id of convicted) {
    if (gone.includes(id as MessageId)) continue;
    const entry = (await deps.store.message(id as MessageId))?.entry;
    if (entry !== undefined && (await moveAside(deps, suspects, entry))) gone.push(entry.id);
  }
  return gone;
}

/** What was in work together at two crashes, before the agent had it, is told apart by running one by one. */
function mustPart(suspects: readonly Suspect[], turn: Turn, entries: readonly Entry[]): boolean {
  return (
    turn.state === "claimed" &&
    entries.length > 1 &&
    entries.some(({ id }) => crashesOf(suspects, entrySubject(id)) >= CRASHES_ALONE)
  );
}

async function endTurn(
  deps: QuarantineDeps,
  suspects: readonly Suspect[],
  turn: Turn,
  entries: readonly Entry[],
  guilty: readonly Entry[],
): Promise<boolean> {
  const at = deps.clock.now();
  const moves = entries.map((entry): EntryMove => {
    const { id, attempt } = entry;
    if (guilty.includes(entry))
      return { id, attempt, from: "running", to: "quarantined", ...lineOf(suspects, entry) };
    return {
      id,
      attempt,
      from: "running",
      to: "queued",
      leaveTurn: true,
      notBefore: at,
      event: "interrupted",
      data: { by: "crash" },
    };
  });
  const last = guilty.at(-1);
  const told = last === undefined ? [] : [noticeFor(deps, last, TEXTS.entry, at)];
  const ended = await deps.store.endTurn(
    { id: turn.id, attempt: turn.attempt },
    { moves, usesAttempt: false, deliveries: told, at },
  );
  if (ended) for (const entry of guilty) report(deps, suspects, entry);
  return ended;
}

/** A message that isn't in a turn: a command, or one whose turn was put back at an earlier start. */
async function moveAside(deps: QuarantineDeps, suspects: readonly Suspect[], entry: Entry): Promise<boolean> {
  const step = entryStep(entry.state, "quarantined");
  if (step === null) return false;
  const at = deps.clock.now();
  const moved = await deps.store.move(
    [{ ...step, id: entry.id, attempt: entry.attempt, ...lineOf(suspects, entry) }],
    [noticeFor(deps, entry, TEXTS.entry, at)],
    at,
  );
  if (moved) report(deps, suspects, entry);
  return moved;
}

function lineOf(suspects: readonly Suspect[], { id }: Entry): Pick<EntryMove, "event" | "data"> {
  const own = suspects.filter(({ subject }) => subject === entrySubject(id));
  const crashes = crashesOf(suspects, entrySubject(id));
  const steps = own.map(({ step }) => step).join(", ");
  const detail = `the gateway crashed ${crashes} times while it was in work (${steps})`;
  return { event: "quarantined", data: { code: "message-quarantined", detail } };
}

function report(deps: QuarantineDeps, suspects: readonly Suspect[], entry: Entry): void {
  const { id, session, address } = entry;
  deps.log.error("message.quarantined", { id, session, ...lineOf(suspects, entry).data });
  deps.events.publish({ type: "message", id, conversation: address.conversation, state: "quarantined" });
}

async function setDeliveriesAside(
  deps: QuarantineDeps,
  convicted: readonly string[],
): Promise<readonly string[]> {
  if (convicted.length === 0) return [];
  const pending = await deps.store.pendingDeliveries();
  const gone: string[] = [];
  for (const delivery of pending.filter(({ id }) => convicted.includes(id))) {
    const at = deps.clock.now();
    const detail = `the gateway crashed ${CRASHES_MOST} times while it was sending this`;
    const settled = await deps.store.settle(delivery.id, delivery.attempts, { state: "dead", detail }, at);
    if (settled === null) continue;
    gone.push(`delivery:${delivery.id}`);
    const { id, key, entry } = delivery;
    deps.log.error("delivery.quarantined", { id, key, entry, detail });
    for (const ended of settled.ended)
      deps.events.publish({
        type: "message",
        id: ended.id,
        conversation: ended.address.conversation,
        state: ended.state,
      });
    if (delivery.kind === "reply" || delivery.kind === "command")
      await deps.store.addDelivery(noticeInstead(deps, delivery, at));
  }
  return gone;
}

function noticeFor(deps: QuarantineDeps, entry: Entry, text: string, at: Instant): NewDelivery {
  const { answerTo, chat, platformId } = entry.body;
  const quote = chat.kind === "group" && answerTo === undefined ? platformId : undefined;
  return {
    id: deps.ids.delivery(),
    key: `quarantined:${entry.id}:${entry.attempt}`,
    kind: "notice",
    address: answerTo ?? entry.address,
    body: { text, format: "plain", ...(quote !== undefined && { quote }) },
    entry: entry.id,
    turn: null,
    part: 0,
    createdAt: at,
  };
}

function noticeInstead(deps: QuarantineDeps, delivery: Delivery, at: Instant): NewDelivery {
  return {
    ...delivery,
    id: deps.ids.delivery(),
    key: `unsendable:${delivery.key}`,
    kind: "notice",
    body: { text: TEXTS.delivery, format: "plain" },
    turn: null,
    part: 0,
    createdAt: at,
  };
}
