/**
 * The lanes: channel → inbox → router → **session lane** → harness → outbox → channel.
 *
 * One lane per session with waiting messages. A lane is one loop: look at what waits in the store, let a bundle grow,
 * hold while no candidate can serve, claim, run, look again. What it knows beyond the store is only what it waits for;
 * a lane that is lost with the process is found again by what waits.
 *
 * Keeps: I4 (what waits is looked at until it ends), I9 (one turn at a time per lane, in order).
 */
import type { AgentConfig } from "../core/config.ts";
import type { Entry } from "../core/entry.ts";
import { messageOf } from "../core/errors.ts";
import type { SessionKey } from "../core/ids.ts";
import { BACKOFF, LIMITS } from "../core/limits.ts";
import { backoffDelay } from "../core/backoff.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Actor } from "../ports/operate.ts";
import type { Pulse } from "../ports/pulse.ts";
import type { Generation, PinningRoster } from "../ports/roster.ts";
import { nextBundle, type Life } from "./bundle.ts";
import { candidatesFor, missingOwn, type Runner } from "./candidates.ts";
import { createHolds, type Holds } from "./holds.ts";
import { createHarnessCheck } from "./missing-harness.ts";
import { isAsked } from "./questions.ts";
import { runTurn } from "./run-turn.ts";
import { publishStates, targetOf, type TurnDeps } from "./turn-deps.ts";
import type { StopReason } from "./turn-work.ts";

export interface LaneDeps extends TurnDeps {
  /** A turn pins the generation that serves when it begins, and keeps it to its end. */
  readonly roster: PinningRoster;
  /** This life of the gateway, as a message's channel has it; bundles know of no other when absent. */
  readonly life?: (entry: Entry) => Life;
  /** Sessions whose interrupted turn isn't decided on: whoever decides wakes them. */
  readonly recovering?: ReadonlySet<SessionKey>;
}

export interface Lanes {
  /** There is something new in a session. Cheap, and safe to call at any time. */
  wake(session: SessionKey): void;
  /** Stops the running turn of a session; its messages are cancelled. False when none ran. */
  stop(session: SessionKey, by?: Actor): boolean;
  /** A new message came while a turn ran, and the agent's rule is that it interrupts. */
  interrupt(session: SessionKey): void;
  /** No new turns; running ones get `grace`, then they are stopped and queued again. Resolves when none runs. */
  drain(grace: Duration): Promise<void>;
  /** How many turns run now. */
  running(): number;
  /** What lanes do beside running turns, which have their own deadlines; and turns that were told to stop. */
  pulses(): readonly Pulse[];
}

/** What a lane does between turns takes milliseconds, and a stopped turn's harness is abandoned after 15 s. */
const STUCK_AFTER = 60 * SECOND;

/** How often it is looked for the harness that has begun with a turn. */
const OWN_LOOK = SECOND;

/** What a lane is doing besides waiting to be woken. */
interface Lane {
  readonly session: SessionKey;
  walking: boolean;
  /** Woken while walking: look once more before resting. */
  again: boolean;
  turn: { readonly abort: AbortController; reason: StopReason; by: Actor | undefined } | null;
  cancelTimer: () => void;
  /** Faults of our own in a row, for the backoff. */
  faults: number;
  /** Since when it does what it does now; monotonic. */
  since: Duration;
}

interface State {
  readonly deps: LaneDeps;
  readonly lanes: Map<SessionKey, Lane>;
  readonly holds: Holds;
  readonly checkHarnesses: ReturnType<typeof createHarnessCheck>;
  readonly rested: Set<() => void>;
  draining: boolean;
}

export function createLanes(deps: LaneDeps): Lanes {
  const lanes = new Map<SessionKey, Lane>();
  const state: State = {
    deps,
    lanes,
    rested: new Set(),
    draining: false,
    checkHarnesses: createHarnessCheck(deps),
    holds: createHolds(deps, (session) => wake(state, session)),
  };
  const active = (): Lane[] => [...lanes.values()].filter((lane) => lane.turn !== null);
  return {
    wake: (session) => wake(state, session),
    running: () => active().length,
    pulses: () =>
      [...lanes.values()]
        .filter((lane) => lane.walking && (lane.turn === null || lane.turn.abort.signal.aborted))
        .map(({ session, since }) => ({ what: `lane ${session}`, begunAt: since, within: STUCK_AFTER })),
    stop: (session, by) => stopTurn(deps, lanes.get(session), "cancel", by),
    interrupt: (session) => void stopTurn(deps, lanes.get(session), "interrupt"),
    async drain(grace) {
      state.draining = true;
      state.holds.close();
      for (const lane of lanes.values()) lane.cancelTimer();
      const timer = deps.clock.timer(grace, () => active().forEach((lane) => stopTurn(deps, lane, "drain")));
      if (active().length > 0) deps.log.info("lanes.draining", { running: active().length });
      while ([...lanes.values()].some((lane) => lane.walking))
        await new Promise<void>((resolve) => state.rested.add(resolve));
      timer();
    },
  };
}

function stopTurn(deps: LaneDeps, lane: Lane | undefined, reason: StopReason, by?: Actor): boolean {
  if (lane?.turn == null || lane.turn.abort.signal.aborted) return false;
  lane.since = deps.clock.monotonic();
  lane.turn.reason = reason;
  lane.turn.by = by;
  lane.turn.abort.abort();
  return true;
}

function wake(state: State, session: SessionKey): void {
  if (state.draining) return;
  const lane = state.lanes.get(session) ?? {
    session,
    walking: false,
    again: false,
    turn: null,
    cancelTimer: () => {},
    faults: 0,
    since: 0,
  };
  state.lanes.set(session, lane);
  lane.again = true;
  if (!lane.walking) void walk(state, lane);
}

async function walk(state: State, lane: Lane): Promise<void> {
  lane.walking = true;
  lane.cancelTimer();
  while (lane.again && !state.draining) {
    lane.again = false;
    lane.since = state.deps.clock.monotonic();
    try {
      const step = await takeStep(state, lane);
      lane.faults = 0;
      rest(state, lane, step);
    } catch (error) {
      rest(state, lane, { kind: "until", span: faultDelay(state, lane, error) });
    }
  }
  lane.walking = false;
  for (const told of state.rested) told();
  state.rested.clear();
}

type Step =
  | { readonly kind: "again" }
  | { readonly kind: "empty" }
  | { readonly kind: "held" }
  | { readonly kind: "until"; readonly span: Duration };

function rest(state: State, lane: Lane, step: Step): void {
  if (step.kind === "again") lane.again = true;
  if (step.kind === "until")
    lane.cancelTimer = state.deps.clock.timer(step.span, () => wake(state, lane.session));
  if (step.kind === "empty" && !lane.again) state.lanes.delete(lane.session);
}

function faultDelay(state: State, lane: Lane, error: unknown): Duration {
  lane.faults += 1;
  state.deps.log.error("lane.fault", { session: lane.session, error: messageOf(error), faults: lane.faults });
  return backoffDelay(BACKOFF.turn, lane.faults, state.deps.random.next());
}

async function takeStep(state: State, lane: Lane): Promise<Step> {
  const { deps } = state;
  if (deps.recovering?.has(lane.session) === true) return { kind: "empty" };
  const { waiting, asked } = await readWaiting(deps.store, lane.session);
  const one = waiting[0] ?? asked[0];
  await state.holds.watchAsked(lane.session, asked, deps.roster.current().agents.get(one?.agent ?? ""));
  const first = waiting[0];
  if (first === undefined) return { kind: "empty" };
  const generation = deps.roster.current();
  const agent = generation.agents.get(first.agent);
  state.checkHarnesses(generation, first.agent);
  const find = (): readonly Runner[] =>
    agent === undefined ? [] : candidatesFor(deps.availability, generation, agent.id);
  const own = await missingOwn(deps, generation, first, find());
  // Looked up after the last wait: what was missing may be there by now.
  const runners = find();
  if (agent === undefined || runners.length === 0 || own !== null) {
    if (await state.holds.hold(lane.session, waiting, agent, own)) return { kind: "again" };
    // Its agent may be served all the while: nobody calls when its own harness is back.
    return own === null ? { kind: "held" } : { kind: "until", span: OWN_LOOK };
  }
  if (await state.holds.ask(waiting, agent)) return { kind: "again" };
  const now = deps.clock.now();
  const bundle = nextBundle(waiting, now, agent.midTurn, deps.life?.(first) ?? null);
  if (bundle.kind === "none") return { kind: "empty" };
  if (bundle.kind === "wait") return { kind: "until", span: bundle.until - now };
  return runBundle(state, lane, bundle.entries);
}

/** What waits in a session, apart from what waits for a person's word: that is passed over until it comes. */
async function readWaiting(
  store: LaneDeps["store"],
  session: SessionKey,
): Promise<{ readonly waiting: readonly Entry[]; readonly asked: readonly Entry[] }> {
  const some = await store.waiting(session, LIMITS.entriesPerTurn);
  const whole = some.length === LIMITS.entriesPerTurn && some.some(({ state }) => state === "held");
  const all = whole ? await store.waiting(session, LIMITS.waitingPerSession) : some;
  return { waiting: all.filter((entry) => !isAsked(entry)), asked: all.filter(isAsked) };
}

async function runBundle(state: State, lane: Lane, bundle: readonly [Entry, ...Entry[]]): Promise<Step> {
  const pin = state.deps.roster.pin();
  try {
    return await runPinned(state, lane, bundle, pin.generation);
  } finally {
    pin.release();
  }
}

async function runPinned(
  state: State,
  lane: Lane,
  bundle: readonly [Entry, ...Entry[]],
  generation: Generation,
): Promise<Step> {
  const { deps } = state;
  const agent = generation.agents.get(bundle[0].agent);
  if (agent === undefined) return { kind: "again" };
  await resetIdle(deps, agent, bundle[0]);
  const turn = await deps.store.claim({
    turn: bundle[0].turn ?? deps.ids.turn(),
    entries: bundle.map(({ id, state: from, attempt }) => ({ id, state: from, attempt })),
    agent: agent.id,
    generation: generation.number,
    at: deps.clock.now(),
  });
  if (turn === null) return { kind: "again" };
  const running: NonNullable<Lane["turn"]> = {
    abort: new AbortController(),
    reason: "cancel",
    by: undefined,
  };
  lane.turn = running;
  publishStates(deps, bundle, "running");
  const claimed = bundle.map((entry) => ({
    ...entry,
    state: "running" as const,
    attempt: entry.attempt + 1,
    turn: turn.id,
  }));
  const [head = bundle[0], ...tail] = claimed;
  const notWorking = showWorking(deps, bundle[0]);
  try {
    await runTurn(deps, {
      turn,
      entries: [head, ...tail],
      generation,
      agent,
      signal: running.abort.signal,
      stopReason: () => running.reason,
      stoppedBy: () => running.by,
      used: { tools: 0 },
    });
  } finally {
    notWorking();
    lane.turn = null;
    lane.since = deps.clock.monotonic();
  }
  return { kind: "again" };
}

/** A session that nobody used for as long as `session.reset.idle` begins afresh. */
async function resetIdle(deps: LaneDeps, agent: AgentConfig, next: Entry): Promise<void> {
  const { idle } = agent.session.reset;
  if (idle === undefined || next.turn !== null) return;
  const [last] = await deps.store.exchanges(next.session, 0, 1);
  if (last === undefined || next.acceptedAt - last.at < idle) return;
  deps.log.info("session.reset", { session: next.session, idle });
  await deps.store.resetSession(next.session, deps.clock.now());
}

/** Answers that come sooner need no "typing"; platforms forget it after some seconds. */
const WORKING = { after: 0.3 * SECOND, every: 4 * SECOND } as const;

function showWorking(deps: LaneDeps, entry: Entry): () => void {
  const show = (): void => {
    deps.outbox.acknowledge(targetOf([entry]), "working");
    cancel = deps.clock.timer(WORKING.every, show);
  };
  let cancel = deps.clock.timer(WORKING.after, show);
  return () => cancel();
}
