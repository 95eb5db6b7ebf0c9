/**
 * The way out: channel → inbox → router → session lane → harness → **outbox → channel**.
 *
 * One queue for each line of each chat, in order of the store, of which a window is loaded. Each delivery: intent
 * (durable) → one try → how it ended (durable). Chats take turns under the limits of their account; what waits for a
 * channel that isn't connected takes no try.
 *
 * Keeps: I7 (no send without a durable intent), I8 (what was sent is never sent again).
 */
import { formatAddress, type Address } from "../core/address.ts";
import { DELIVERY_LINE } from "../core/delivery.ts";
import { messageOf } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Channel, SendOutcome } from "../ports/channel.ts";
import { expireAnswers } from "./answers.ts";
import { settlementOf } from "./classify.ts";
import type { DispatcherDeps } from "./deps.ts";
import { OUTBOX } from "./limits.ts";
import { chatPauseOf, createLines, headOf, type Account, type Line, type Lines } from "./lines.ts";
import { pickNext, type LineView, type Picked } from "./pick.ts";
import { createSendHealth, type SendHealth } from "./send-health.ts";
import { takeTurn } from "./turn.ts";

export type { DispatcherDeps } from "./deps.ts";

export interface Dispatcher {
  /** Looks for new deliveries in the store. */
  wake(): void;
  /** A channel's state changed: what waits for it is looked at. */
  poke(): void;
  /** Takes up what an earlier gateway left. What it was sending is in doubt. */
  recover(): Promise<{ readonly ready: number; readonly inDoubt: number }>;
  /** Sends what is due, for at most `grace`; then lets go of what is in flight. */
  drain(grace: Duration): Promise<void>;
}

/** What the rest of the outbox asks the dispatcher. */
interface DispatcherInside extends Dispatcher {
  /** Whether something that people wait for could go out now, were there a place: edits leave it theirs. */
  crowded(address: Address): boolean;
  /** Deliveries to an address are open again that were not. */
  reopened(address: Address): void;
}

interface DispatcherState {
  readonly deps: DispatcherDeps;
  readonly lines: Lines;
  readonly health: SendHealth;
  readonly stop: AbortController;
  lastSeq: number;
  /** Deliveries up to here were made by an earlier gateway. */
  since: number;
  looking: boolean;
  lookAgain: boolean;
  cancelSweep: () => void;
  cancelLook: () => void;
}

export function createDispatcher(deps: DispatcherDeps): DispatcherInside {
  const state: DispatcherState = {
    deps,
    lines: createLines(deps.clock, deps.store),
    health: createSendHealth(deps),
    stop: new AbortController(),
    lastSeq: 0,
    since: 0,
    looking: false,
    lookAgain: false,
    cancelSweep: () => {},
    cancelLook: () => {},
  };
  const { accounts } = state.lines;
  return {
    wake: () => void look(state),
    poke: () => accounts.forEach((account) => pump(state, account)),
    recover: () => recover(state),
    drain: (grace) => drain(state, grace),
    crowded({ channel, account }) {
      const known = accounts.get(`${channel}/${account}`);
      const open = known === undefined ? undefined : openChannel(state, known);
      if (known === undefined || open === undefined) return false;
      return pickNext(viewsOf(state, known, open).filter(({ rank }) => rank < 2)).line !== null;
    },
    reopened(address) {
      const { account, line } = state.lines.open({
        address: formatAddress(address),
        line: DELIVERY_LINE.reply,
      });
      line.reread = true;
      pump(state, account);
    },
  };
}

async function recover(state: DispatcherState): Promise<{ ready: number; inDoubt: number }> {
  const { deps } = state;
  const { store, clock } = deps;
  const cutOff = await store.cutOff();
  const outcome: SendOutcome = { kind: "in-doubt", detail: "the gateway ended while it was sending" };
  await Promise.all(
    cutOff.map((delivery) =>
      store.settle(
        delivery.id,
        delivery.attempts,
        settlementOf(delivery, outcome, clock.now(), 1),
        clock.now(),
      ),
    ),
  );
  const { lines, lastSeq, deliveries } = await store.openLines();
  for (const place of lines) state.lines.open(place).line.reread = true;
  state.lastSeq = Math.max(state.lastSeq, lastSeq);
  state.since = lastSeq;
  await look(state);
  for (const account of state.lines.accounts.values()) pump(state, account);
  void sweep(state);
  return { ready: deliveries - cutOff.length, inDoubt: cutOff.length };
}

/** Ends answers that nobody asked for, now and every hour. */
async function sweep(state: DispatcherState): Promise<void> {
  state.cancelSweep = state.deps.clock.timer(OUTBOX.sweepEvery, () => void sweep(state));
  try {
    await expireAnswers(state.deps);
  } catch (error) {
    state.deps.log.error("outbox.fault", { error: messageOf(error) });
  }
}

/** Takes new deliveries in. Lines that are full take note, and read them when they come to them. */
async function look(state: DispatcherState): Promise<void> {
  state.lookAgain = true;
  if (state.looking) return;
  state.looking = true;
  const touched = new Set<Account>();
  while (state.lookAgain && !state.stop.signal.aborted) {
    state.lookAgain = false;
    try {
      const found = await state.deps.store.openAfter(state.lastSeq, OUTBOX.page);
      for (const delivery of found) {
        const account = state.lines.add(delivery);
        if (account !== null) touched.add(account);
        state.lastSeq = delivery.seq;
      }
      state.lookAgain ||= found.length === OUTBOX.page;
    } catch (error) {
      state.deps.log.error("outbox.fault", { error: messageOf(error) });
      state.cancelLook();
      state.cancelLook = state.deps.clock.timer(OUTBOX.fault, () => void look(state));
    }
    for (const account of touched) pump(state, account);
    touched.clear();
  }
  state.looking = false;
}

/** Begins as many turns as there are places, then waits for the next time that there may be one. */
function pump(state: DispatcherState, account: Account): void {
  const { clock } = state.deps;
  account.cancelTimer();
  if (state.stop.signal.aborted) return;
  for (;;) {
    const channel = openChannel(state, account);
    if (channel === undefined || account.starting || account.inFlight >= placesOf(channel)) return;
    const paused = account.pausedUntil - clock.monotonic();
    const { line, wait } = paused > 0 ? { line: null, wait: paused } : next(state, account, channel);
    if (line === null) {
      if (wait !== null) account.cancelTimer = clock.timer(wait, () => pump(state, account));
      return;
    }
    void serve(state, account, line.line);
  }
}

function placesOf(channel: Channel): number {
  return channel.capabilities.inFlight ?? OUTBOX.inFlight;
}

function openChannel({ deps }: DispatcherState, account: Account): Channel | undefined {
  const channel = deps.channel(account.place);
  return channel?.state().status === "connected" ? channel : undefined;
}

interface View extends LineView {
  readonly line: Line;
}

function next(state: DispatcherState, account: Account, channel: Channel): Picked<View> {
  return pickNext(viewsOf(state, account, channel));
}

function viewsOf(state: DispatcherState, account: Account, channel: Channel): readonly View[] {
  const now = state.deps.clock.monotonic();
  return [...account.lines.values()].map((line) => ({
    line,
    rank: line.rank,
    dueIn: dueIn(account, line, now),
    roomIn: () => channel.room?.(line.to, line.rank === 2 ? "extra" : "final") ?? 0,
  }));
}

function dueIn(account: Account, line: Line, now: Duration): Duration | null {
  if (line.busy) return null;
  if (line.reread) return 0;
  const head = headOf(line, now) ?? line.queue[0];
  if (head === undefined) return line.more ? 0 : null;
  if (head.delivery.turn !== null && head.delivery.part === 0 && line.rank === 1) {
    // Its live view is being placed at this moment: it takes that one's place.
    const view = account.lines.get(`${DELIVERY_LINE.progress} ${line.address}`);
    if (view?.busy === true && view.queue[0]?.delivery.turn === head.delivery.turn) return null;
  }
  return Math.max(0, head.dueAt - now, chatPauseOf(account, line, now));
}

/** One turn of one line. Marks it as busy before anything else can run. */
async function serve(state: DispatcherState, account: Account, line: Line): Promise<void> {
  const { deps, lines, health } = state;
  line.busy = true;
  account.inFlight += 1;
  let mine = true;
  const begun = (): void => {
    if (mine) account.starting = false;
    mine = false;
    pump(state, account);
  };
  try {
    const channel = deps.channel(account.place);
    account.starting = channel?.room !== undefined;
    const place = { lines, account, line, stop: state.stop.signal, since: () => state.since, begun };
    const outcome = channel === undefined ? null : await takeTurn(deps, channel, place);
    if (outcome !== null && outcome !== "asked") health.tried(account.key, outcome);
    // A question, or a notice about a part that is lost.
    if (outcome !== null && (outcome === "asked" || outcome.kind !== "sent")) void look(state);
  } catch (error) {
    deps.log.error("outbox.fault", { line: line.key, error: messageOf(error) });
    account.pausedUntil = Math.max(account.pausedUntil, deps.clock.monotonic() + OUTBOX.fault);
  }
  if (mine) account.starting = false;
  mine = false;
  line.busy = false;
  account.inFlight -= 1;
  lines.rest(account, line);
  if (account.lines.size === 0) health.idle(account.key);
  pump(state, account);
}

const DRAIN_LOOK = 10;
/** Waits for the platform's pace that a drain sits out. */
const DRAIN_PACE = SECOND;
/** What sends that are cut off get to say how they ended. */
const LAST_WORDS = 0.25 * SECOND;

async function drain(state: DispatcherState, grace: Duration): Promise<void> {
  const { clock } = state.deps;
  const accounts = [...state.lines.accounts.values()];
  const until = clock.monotonic() + grace;
  await look(state);
  while (clock.monotonic() < until && accounts.some((account) => works(state, account))) {
    await clock.sleep(DRAIN_LOOK);
  }
  state.stop.abort();
  state.cancelSweep();
  state.cancelLook();
  for (const account of accounts) account.cancelTimer();
  const end = clock.monotonic() + LAST_WORDS;
  while (clock.monotonic() < end && accounts.some(({ inFlight }) => inFlight > 0))
    await clock.sleep(DRAIN_LOOK);
}

function works(state: DispatcherState, account: Account): boolean {
  if (account.inFlight > 0) return true;
  const channel = openChannel(state, account);
  if (channel === undefined || account.pausedUntil > state.deps.clock.monotonic()) return false;
  const { line, wait } = next(state, account, channel);
  return line !== null || (wait !== null && wait <= DRAIN_PACE);
}
