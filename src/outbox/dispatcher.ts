/**
 * The way out: channel → inbox → router → session lane → harness → **outbox → channel**.
 *
 * One queue per chat, in order of the store. Each delivery: intent (durable) → one try → how it ended (durable). A
 * chat whose channel isn't connected waits; it takes no try.
 *
 * Keeps: I7 (no send without a durable intent), I8 (what was sent is never sent again).
 */
import type { Address } from "../core/address.ts";
import { progressKey, type Delivery } from "../core/delivery.ts";
import { messageOf } from "../core/errors.ts";
import { MINUTE, SECOND, type Duration, type Instant } from "../core/time.ts";
import type { Channel, SendOutcome, SendRequest } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Events } from "../ports/events.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";
import type { OutboxStore } from "../ports/store.ts";
import { settlementOf } from "./classify.ts";

export interface DispatcherDeps {
  readonly store: OutboxStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly channel: (address: Address) => Channel | undefined;
  /** Whether the last edit of a live view is in doubt, so that the final text must be asserted. */
  readonly editInDoubt: (key: string) => boolean;
}

export interface Dispatcher {
  /** Looks for new deliveries in the store. */
  wake(): void;
  /** A channel's state changed: what waits for it is looked at. */
  poke(): void;
  /** Loads what an earlier gateway left. What it was sending is in doubt. */
  recover(): Promise<{ readonly ready: number; readonly inDoubt: number }>;
  /** Sends what is due, for at most `grace`; then lets go of what is in flight. */
  drain(grace: Duration): Promise<void>;
}

interface Chat {
  readonly queue: Delivery[];
  busy: boolean;
  cancelTimer: () => void;
}

interface State {
  readonly deps: DispatcherDeps;
  readonly chats: Map<string, Chat>;
  readonly stop: AbortController;
  lastSeq: number;
  looking: boolean;
  lookAgain: boolean;
  /** Accounts that the platform paces as a whole, until then. */
  readonly paced: Map<string, Instant>;
}

/** Channels bound their own requests, large files by their size; this is for a channel that doesn't. */
const SEND_DEADLINE = 10 * MINUTE;

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const state: State = {
    deps,
    chats: new Map(),
    stop: new AbortController(),
    lastSeq: 0,
    looking: false,
    lookAgain: false,
    paced: new Map(),
  };
  return {
    wake: () => void look(state),
    poke: () => state.chats.forEach((chat, key) => void pump(state, key, chat)),
    recover: () => recover(state),
    async drain(grace) {
      const until = deps.clock.monotonic() + grace;
      await look(state);
      while (deps.clock.monotonic() < until && [...state.chats.values()].some((chat) => chat.busy)) {
        await deps.clock.sleep(DRAIN_LOOK);
      }
      state.stop.abort();
      for (const chat of state.chats.values()) chat.cancelTimer();
    },
  };
}

const DRAIN_LOOK = 10;

async function recover(state: State): Promise<{ ready: number; inDoubt: number }> {
  const { deps } = state;
  const pending = await deps.store.pendingDeliveries();
  const sending = pending.filter((delivery) => delivery.state === "sending");
  const now = deps.clock.now();
  const detail = "the gateway ended while it was sending";
  await Promise.all(
    sending.map((delivery) => {
      const outcome: SendOutcome = { kind: "in-doubt", detail };
      return deps.store.settle(delivery.id, delivery.attempts, settlementOf(delivery, outcome, now, 1), now);
    }),
  );
  await look(state);
  return { ready: pending.length - sending.length, inDoubt: sending.length };
}

async function look(state: State): Promise<void> {
  state.lookAgain = true;
  if (state.looking) return;
  state.looking = true;
  while (state.lookAgain && !state.stop.signal.aborted) {
    state.lookAgain = false;
    try {
      const found = await state.deps.store.pendingDeliveries(state.lastSeq);
      for (const delivery of found) enqueue(state, delivery);
    } catch (error) {
      state.deps.log.error("outbox.fault", { error: messageOf(error) });
    }
  }
  state.looking = false;
}

function enqueue(state: State, delivery: Delivery): void {
  if (delivery.seq <= state.lastSeq) return;
  state.lastSeq = delivery.seq;
  const { channel, account, conversation } = delivery.address;
  const key = `${channel}/${account}/${conversation}`;
  const chat = state.chats.get(key) ?? { queue: [], busy: false, cancelTimer: () => {} };
  state.chats.set(key, chat);
  chat.queue.push(delivery);
  void pump(state, key, chat);
}

async function pump(state: State, key: string, chat: Chat): Promise<void> {
  if (chat.busy) return;
  chat.busy = true;
  chat.cancelTimer();
  try {
    while (!state.stop.signal.aborted) {
      const head = chat.queue[0];
      if (head === undefined) break;
      const wait = waitFor(state, head);
      if (wait !== null) {
        if (wait > 0) chat.cancelTimer = state.deps.clock.timer(wait, () => void pump(state, key, chat));
        break;
      }
      const next = await trySend(state, head, chat.queue[1]);
      if (next === null) chat.queue.shift();
      else chat.queue[0] = next;
    }
  } catch (error) {
    state.deps.log.error("outbox.fault", { chat: key, error: messageOf(error) });
    chat.cancelTimer = state.deps.clock.timer(FAULT_DELAY, () => void pump(state, key, chat));
  }
  chat.busy = false;
  if (chat.queue.length === 0) state.chats.delete(key);
}

const FAULT_DELAY = SECOND;

/** How long this delivery must wait: null not at all, 0 until its channel is connected. */
function waitFor(state: State, delivery: Delivery): Duration | null {
  const { channel, account } = delivery.address;
  const paced = state.paced.get(`${channel}/${account}`) ?? 0;
  const due = Math.max(delivery.notBefore, paced) - state.deps.clock.now();
  if (due > 0) return due;
  return state.deps.channel(delivery.address)?.state().status === "connected" ? null : 0;
}

/** One try. Returns the delivery as it is now, or null when it is at its end. */
async function trySend(
  state: State,
  delivery: Delivery,
  following: Delivery | undefined,
): Promise<Delivery | null> {
  const { deps } = state;
  // Taken before the intent is written: the channel may be handed over to another configuration meanwhile.
  const channel = deps.channel(delivery.address);
  if (channel === undefined) return delivery;
  const intent = await deps.store.sending(delivery.id, delivery.state, delivery.attempts, deps.clock.now());
  if (intent === null) return null;
  const begun = deps.clock.monotonic();
  const request = await requestOf(deps, intent, following);
  const outcome = await sendOnce(deps, channel, request, state.stop.signal);
  const now = deps.clock.now();
  if (outcome.kind === "wait" && outcome.scope === "account") {
    state.paced.set(`${channel.kind}/${channel.account}`, now + outcome.after);
  }
  const settled = await deps.store.settle(
    intent.id,
    intent.attempts,
    settlementOf(intent, outcome, now, deps.random.next()),
    now,
  );
  report(deps, intent, outcome, deps.clock.monotonic() - begun);
  for (const entry of settled?.ended ?? []) {
    deps.log.info(entry.state === "done" ? "message.done" : "message.dead", {
      id: entry.id,
      session: entry.session,
    });
    deps.events.publish({
      type: "message",
      id: entry.id,
      conversation: entry.address.conversation,
      state: entry.state,
    });
  }
  const ended = settled === null || settled.delivery.state === "sent" || settled.delivery.state === "dead";
  return ended ? null : settled.delivery;
}

async function requestOf(
  deps: DispatcherDeps,
  delivery: Delivery,
  following: Delivery | undefined,
): Promise<SendRequest> {
  const key =
    delivery.turn === null || delivery.part > 0 || delivery.kind === "progress"
      ? null
      : progressKey(delivery.turn);
  const shown = key === null ? null : await deps.store.delivery(key);
  const replaces =
    key === null || shown?.platformId == null
      ? null
      : { platformId: shown.platformId, sentAt: shown.createdAt, editInDoubt: deps.editInDoubt(key) };
  const last =
    following === undefined || following.turn !== delivery.turn || following.kind !== delivery.kind;
  return { delivery, replaces, repeat: delivery.inDoubt, last };
}

/** A channel that throws or hangs is a channel whose send is in doubt. */
async function sendOnce(
  deps: DispatcherDeps,
  channel: Channel,
  request: SendRequest,
  stop: AbortSignal,
): Promise<SendOutcome> {
  const deadline = new AbortController();
  const cancel = deps.clock.timer(SEND_DEADLINE, () => deadline.abort());
  try {
    return await channel.send(request, AbortSignal.any([deadline.signal, stop]));
  } catch (error) {
    return { kind: "in-doubt", detail: messageOf(error) };
  } finally {
    cancel();
  }
}

function report(deps: DispatcherDeps, delivery: Delivery, outcome: SendOutcome, took: Duration): void {
  const { channel } = delivery.address;
  const fields = {
    id: delivery.id,
    key: delivery.key,
    channel,
    attempt: delivery.attempts,
    ms: Math.round(took),
  };
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
