import { progressKey, type Delivery } from "../core/delivery.ts";
import { messageOf, RollcallError } from "../core/errors.ts";
import type { Duration } from "../core/time.ts";
import type { Channel, FoundSent, SendOutcome, SendRequest } from "../ports/channel.ts";
import { bounded } from "./bounded.ts";
import { mannerOf, settlementOf, type Settlement } from "./classify.ts";
import type { DispatcherDeps } from "./deps.ts";
import { gapNotice, publishEnds, tellOperator } from "./ends.ts";
import { OUTBOX } from "./limits.ts";
import type { Item } from "./lines.ts";

interface TryDeps extends DispatcherDeps {
  readonly stop: AbortSignal;
  /** Deliveries up to this `seq` were made by an earlier gateway. */
  readonly since: () => number;
  /** The channel has been asked: it has taken its place. */
  readonly begun: () => void;
  /** Whether the platform wants this chat left alone now. */
  readonly paused: () => boolean;
  /** What the platform said, as soon as it has said it: it may want to be left alone before that can be stored. */
  readonly heard: (outcome: SendOutcome) => void;
}

/** One try: what was tried, how it ended, and what became of it. */
export interface Tried {
  readonly outcome: SendOutcome;
  /** As it is now; null when it is at its end. */
  readonly left: Delivery | null;
  /** When it is tried again, monotonic; of no meaning at its end. */
  readonly dueAt: Duration;
  /** It is there, in this message, and shall be written there once more. */
  readonly assertIn: string | null;
}

/**
 * One try of one delivery: intent (durable) → the send → how it ended (durable). Null when it has moved on meanwhile,
 * `later` when something else must come to its end first.
 */
export async function trySend(
  deps: TryDeps,
  channel: Channel,
  item: Item,
  following: Delivery | undefined,
): Promise<Tried | "later" | null> {
  const { delivery } = item;
  const view = await liveViewOf(deps, delivery);
  // What came before may have taken long, and the platform may want to be left alone by now.
  if (view === "later" || deps.paused()) return "later";
  const intent = await deps.store.sending(delivery.id, delivery.state, delivery.attempts, deps.clock.now());
  if (intent === null) return null;
  const begun = deps.clock.monotonic();
  const request = { delivery: intent, ...view, repeat: intent.inDoubt, last: isLast(intent, following) };
  const outcome = await outcomeOf(deps, channel, request, item);
  deps.heard(outcome);
  deps.log.debug("outbox.tried", { key: intent.key, outcome: outcome.kind });
  report(deps, intent, outcome, deps.clock.monotonic() - begun);
  return settle(deps, { intent, outcome, request, item, channel });
}

interface Ended {
  readonly intent: Delivery;
  readonly outcome: SendOutcome;
  readonly request: SendRequest;
  readonly item: Item;
  readonly channel: Channel;
}

async function settle(
  deps: TryDeps,
  { intent, outcome, request, item, channel }: Ended,
): Promise<Tried | null> {
  const { clock } = deps;
  const doubtful = item.assertIn === undefined && landsInDoubt(outcome, request, channel);
  const to: Settlement = doubtful
    ? {
        state: "in-doubt",
        notBefore: clock.now() + OUTBOX.assertAfter,
        detail: "an earlier edit may land on it",
      }
    : settlementOf(intent, outcome, clock.now(), deps.random.next());
  // By the clock that doesn't jump, and from now: until it is stored a full disk may be waited for.
  const wait = "notBefore" in to ? Math.max(0, to.notBefore - clock.now()) : 0;
  const dueAt = clock.monotonic() + wait;
  if (to.state === "dead") {
    const notice = gapNotice(deps, intent, outcome, intent.part === 0 && request.last);
    if (notice !== null) await stored(deps, () => deps.store.addDelivery(notice));
  }
  const settled = await deps.store.settle(intent.id, intent.attempts, to, clock.now());
  if (settled === null) {
    deps.log.warn("delivery.late", {
      id: intent.id,
      key: intent.key,
      attempt: intent.attempts,
      outcome: outcome.kind,
    });
    return null;
  }
  if (to.state === "dead") tellOperator(deps, intent, to.detail);
  publishEnds(deps, settled.ended);
  const { state } = settled.delivery;
  const left = state === "sent" || state === "dead" ? null : settled.delivery;
  return { outcome, left, dueAt, assertIn: doubtful && outcome.kind === "sent" ? outcome.platformId : null };
}

/** What has happened must be kept: as long as the store can't, nothing else of this line goes on. */
async function stored<T>(deps: TryDeps, write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof RollcallError) || error.code !== "store-full" || deps.stop.aborted) throw error;
      deps.log.error("outbox.not_stored", { error: messageOf(error) });
      await deps.clock.sleep(OUTBOX.fault, deps.stop);
    }
  }
}

/** The final text was written into a message that an earlier edit may still reach. */
function landsInDoubt(outcome: SendOutcome, { replaces }: SendRequest, channel: Channel): boolean {
  return (
    outcome.kind === "sent" &&
    replaces?.editInDoubt === true &&
    outcome.platformId === replaces.platformId &&
    channel.edit !== undefined
  );
}

/**
 * The live view whose place this part takes. One that wasn't sent yet isn't sent any more; one that is being sent is
 * waited for. After a restart nobody knows what edits are under way.
 */
async function liveViewOf(
  deps: TryDeps,
  delivery: Delivery,
): Promise<Pick<SendRequest, "replaces"> | "later"> {
  if (delivery.turn === null || delivery.part > 0 || delivery.kind === "progress") return { replaces: null };
  const key = progressKey(delivery.turn);
  const shown = await deps.store.delivery(key);
  if (shown === null) return { replaces: null };
  if (shown.state === "sending") return "later";
  if (shown.state === "ready" || shown.state === "retry-at") {
    const dead = { state: "dead", detail: "the answer was there first" } as const;
    const over = await deps.store.settle(shown.id, shown.attempts, dead, deps.clock.now());
    return over === null ? "later" : { replaces: null };
  }
  if (shown.platformId === null) return { replaces: null };
  const editInDoubt = deps.editInDoubt(key) || shown.seq <= deps.since();
  return { replaces: { platformId: shown.platformId, sentAt: shown.createdAt, editInDoubt } };
}

function isLast(delivery: Delivery, following: Delivery | undefined): boolean {
  return following === undefined || following.turn !== delivery.turn || following.kind !== delivery.kind;
}

async function outcomeOf(
  deps: TryDeps,
  channel: Channel,
  request: SendRequest,
  { assertIn, bornAt }: Item,
): Promise<SendOutcome> {
  const { delivery, replaces } = request;
  if (assertIn !== undefined && channel.edit !== undefined) {
    const edit = channel.edit.bind(channel);
    return send(deps, delivery, (signal) => edit(delivery.address, assertIn, delivery.body.text, signal));
  }
  const known = replaces !== null && !replaces.editInDoubt;
  const manner = mannerOf(delivery, channel.capabilities, known, deps.clock.monotonic() - bornAt);
  const found = manner === "look-first" ? await look(deps, channel, delivery) : null;
  if (found?.kind === "found") return { kind: "sent", platformId: found.platformId };
  if (found?.kind === "unknown")
    return { kind: "not-sent", detail: `can't tell whether it is there: ${found.detail}` };
  const repeat = manner === "marked" || (manner === "look-first" && found === null);
  return send(deps, delivery, (signal) => channel.send({ ...request, repeat }, signal));
}

/** Null where the channel can't look. */
async function look(deps: TryDeps, channel: Channel, delivery: Delivery): Promise<FoundSent | null> {
  if (channel.findSent === undefined) return null;
  const find = channel.findSent.bind(channel);
  return bounded<FoundSent>(deps.clock, {
    span: OUTBOX.look,
    stop: deps.stop,
    run: (signal) => find(delivery, signal),
    failed: (detail) => ({ kind: "unknown", detail }),
    late: () => {},
  });
}

function send(
  deps: TryDeps,
  { id, key, attempts, body }: Delivery,
  run: (signal: AbortSignal) => Promise<SendOutcome>,
): Promise<SendOutcome> {
  const going = bounded<SendOutcome>(deps.clock, {
    span: body.file === undefined ? OUTBOX.sendText : OUTBOX.sendFile,
    stop: deps.stop,
    run,
    failed: (detail) => ({ kind: "in-doubt", detail }),
    late: ({ kind }) => deps.log.warn("delivery.late", { id, key, attempt: attempts, outcome: kind }),
  });
  deps.begun();
  return going;
}

function report(deps: DispatcherDeps, delivery: Delivery, outcome: SendOutcome, took: Duration): void {
  const { id, key, attempts: attempt } = delivery;
  const { channel } = delivery.address;
  const fields = { id, key, channel, attempt, ms: Math.round(took) };
  deps.metrics.count("deliveries_total", { channel, outcome: outcome.kind });
  if (outcome.kind === "sent") deps.log.info("delivery.sent", fields);
  else if (outcome.kind === "in-doubt") {
    deps.metrics.count("deliveries_in_doubt_total");
    deps.log.warn("delivery.in_doubt", { ...fields, detail: outcome.detail });
  } else
    deps.log.warn(`delivery.${outcome.kind.replace("-", "_")}`, {
      ...fields,
      ...("detail" in outcome ? { detail: outcome.detail } : { after: outcome.after }),
    });
}
