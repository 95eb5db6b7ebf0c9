/**
 * What an earlier gateway left: every turn that was running when it ended. Its processes are ended first, so that no
 * session ever has two writers; then its harness's own record is asked what had come of it. An answer that is there is
 * adopted; what had begun goes on, begins again or asks, by `onInterrupted`; what never arrived runs as if for the
 * first time. Each turn on its own and all at once: none waits for another, and intake waits for none. A session's lane
 * begins when its turn is decided on. Each decision is one write, so that whatever ends this process, the next one
 * finds the turn either as it was or decided on.
 *
 * Keeps: I4 (what was accepted ends), I5 (one answer per turn), I9 (one live harness tree per lane).
 */
import { backoffDelay } from "../core/backoff.ts";
import type { Entry } from "../core/entry.ts";
import { messageOf } from "../core/errors.ts";
import type { SessionKey } from "../core/ids.ts";
import { BACKOFF } from "../core/limits.ts";
import type { Duration } from "../core/time.ts";
import type { Turn } from "../core/turn.ts";
import type { Processes } from "../ports/process.ts";
import { recoverTurn, type Interrupted, type Recovered, type RecoverTurnDeps } from "./recover-turn.ts";
import { untilGone } from "./survivors.ts";

export interface RecoverDeps extends RecoverTurnDeps {
  readonly processes: Pick<Processes, "reap" | "reapStrays">;
  /** Sessions that aren't decided on: their lanes don't begin. */
  readonly recovering?: Set<SessionKey>;
  /** A session is decided on. */
  readonly wake?: (session: SessionKey) => void;
}

/** What came of everything that was left, by number of turns. */
export interface RecoverySummary extends Readonly<Record<Recovered, number>> {
  readonly turns: number;
  /** Processes that could not be ended. */
  readonly survivors: number;
}

export interface Recovery {
  /**
   * Finds what was left and begins to end its processes. Resolves when they are gone, or after `patience`: what takes
   * longer is waited for by its own turn alone.
   */
  reap(patience: Duration): Promise<void>;
  /** Decides on every turn. Resolves when all are decided on whose processes could be ended. */
  begin(): Promise<RecoverySummary>;
  /** How many turns aren't decided on, and how many processes keep some of them from it. */
  state(): { readonly recovering: number; readonly survivors: number };
  /** Begins nothing any more: what isn't decided on is left to the next start. */
  stop(): void;
}

/** A turn that was left, while its processes are being ended. */
interface Left extends Interrupted {
  /** Resolves with how many are still there. */
  readonly tree: Promise<number>;
  survivors: number;
}

interface State {
  readonly deps: RecoverDeps;
  readonly stop: AbortController;
  readonly left: Set<Left>;
  /** Trees that no turn has recorded, e.g. of a turn that was claimed and no more. */
  strays: number;
}

export function createRecovery(deps: RecoverDeps): Recovery {
  const state: State = { deps, stop: new AbortController(), left: new Set(), strays: 0 };
  return {
    async reap(patience) {
      for (const { turn, entries } of await deps.store.interrupted()) find(state, turn, entries);
      const over = new AbortController();
      const all = Promise.all([...[...state.left].map(({ tree }) => tree), reapStrays(state)]);
      await Promise.race([all, deps.clock.sleep(patience, over.signal)]);
      over.abort();
    },
    async begin() {
      const outcomes = await Promise.all([...state.left].map((left) => settle(state, left)));
      const count = (kind: Recovered): number => outcomes.filter((outcome) => outcome === kind).length;
      return {
        turns: outcomes.length,
        survivors: survivorsOf(state),
        adopted: count("adopted"),
        resumed: count("resumed"),
        rerun: count("rerun"),
        asked: count("asked"),
        dead: count("dead"),
        lost: count("lost"),
      };
    },
    state: () => ({ recovering: state.left.size, survivors: survivorsOf(state) }),
    stop: () => state.stop.abort(),
  };
}

function survivorsOf({ left, strays }: State): number {
  return [...left].reduce((sum, { survivors }) => sum + survivors, strays);
}

function find(state: State, turn: Turn, [first, ...rest]: readonly Entry[]): void {
  if (first === undefined) return;
  const tree = reapTree(state.deps, turn);
  state.left.add({ turn, entries: [first, ...rest], tree, survivors: 0 });
  state.deps.recovering?.add(turn.session);
}

async function reapTree({ processes, log }: RecoverDeps, { id, custody }: Turn): Promise<number> {
  if (custody === null) return 0;
  try {
    return (await processes.reap(custody)).survivors;
  } catch (error) {
    // Nobody knows what lives: it is looked at again, as if something did.
    log.error("turn.reap_failed", { turn: id, error: messageOf(error) });
    return 1;
  }
}

async function reapStrays(state: State): Promise<void> {
  const { processes, log } = state.deps;
  try {
    const recorded = [...state.left].flatMap(({ turn }) => turn.custody ?? []);
    const reaped = await processes.reapStrays?.(recorded);
    if (reaped === undefined || reaped.found === 0) return;
    state.strays = reaped.survivors;
    log.warn("process.strays", { ...reaped });
  } catch (error) {
    log.error("process.strays_failed", { error: messageOf(error) });
  }
}

/** Undefined: its processes live on, and it is decided on when they are gone. */
async function settle(state: State, left: Left): Promise<Recovered | undefined> {
  const { turn } = left;
  left.survivors = await left.tree;
  if (left.survivors === 0 || turn.custody === null) return decide(state, left);
  const { custody } = turn;
  void untilGone(state.deps, { ...left, custody }, left.survivors, state.stop.signal)
    .then((gone) => (gone ? decide(state, left) : undefined))
    .catch((error: unknown) => state.deps.log.error("turn.recovery_failed", faultOf(turn, error)));
  return undefined;
}

/** Tries until it is written: a store that can't write now can later, or ends the process. */
async function decide(state: State, left: Left): Promise<Recovered | undefined> {
  const { deps, stop } = state;
  for (let tries = 1; !stop.signal.aborted; tries += 1) {
    try {
      const outcome = await recoverTurn(deps, left);
      left.survivors = 0;
      leave(state, left);
      return outcome;
    } catch (error) {
      deps.log.error("turn.recovery_failed", faultOf(left.turn, error));
      await deps.clock.sleep(backoffDelay(BACKOFF.turn, tries, 0.5), stop.signal);
    }
  }
  return undefined;
}

function leave({ deps, left }: State, one: Left): void {
  left.delete(one);
  const { session } = one.turn;
  if ([...left].some(({ turn }) => turn.session === session)) return;
  deps.recovering?.delete(session);
  deps.wake?.(session);
}

function faultOf({ id, session }: Turn, error: unknown): Readonly<Record<string, unknown>> {
  return { turn: id, session, error: messageOf(error) };
}
