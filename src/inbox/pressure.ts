/**
 * Shuts the intake before something runs out, and opens it again by itself. While it is shut channels stop reading, so
 * that their platforms keep what people send; callers of the API are told to come again. Nothing is dropped.
 *
 * Keeps: I16 (what waits, bytes and descriptors stay within their limits).
 */
import { messageOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { IntakeClosed, Machine, Pressure, PressureStore } from "../ports/pressure.ts";
import { decidePressure, type PressureFacts } from "./pressure-rules.ts";

export interface PressureDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly machine: Machine;
  readonly store: PressureStore;
  /** Messages that wait, at most a moment old. */
  readonly waiting: () => number;
  /** What the last commit took; null before the first. */
  readonly commit: () => Duration | null;
}

export interface WatchedPressure extends Pressure {
  /** Looks for the first time, and from then on by itself. */
  start(): Promise<void>;
  stop(): void;
}

const LOOK_EVERY = { open: 5 * SECOND, closed: SECOND } as const;
/** Sizes are counted only when they may matter, since that costs. */
const COUNT_FROM = 0.5 * LIMITS.waitingBytes;

export function createPressure(deps: PressureDeps): WatchedPressure {
  const { clock, log, machine } = deps;
  /** `bytes` is an upper bound between two counts: what ended meanwhile is still in it. */
  let known: PressureFacts = { waiting: 0, waitingBytes: 0, space: null, descriptors: null, commit: null };
  const estimate = createEstimate(deps.waiting);
  let closed: IntakeClosed | null = null;
  let stopped = false;
  let cancel = (): void => {};

  const decide = (): void => {
    known = { ...known, waiting: estimate.now(), commit: deps.commit() };
    const next = decidePressure(known, closed?.code ?? null);
    if (next === null && closed !== null) log.info("intake.opened", { was: closed.code });
    if (next !== null && next.code !== closed?.code) log.warn("intake.closed", { ...next });
    closed = next === null ? null : { ...next, since: closed?.since ?? clock.now() };
  };
  const look = async (): Promise<void> => {
    cancel();
    try {
      const [space, descriptors] = await Promise.all([machine.space(), machine.descriptors()]);
      known = { ...known, space, descriptors };
      if (known.waitingBytes >= COUNT_FROM)
        known = { ...known, waitingBytes: await deps.store.waitingBytes() };
      decide();
    } catch (error) {
      log.warn("intake.not_measured", { error: messageOf(error) });
    }
    if (stopped) return;
    cancel = clock.timer(closed === null ? LOOK_EVERY.open : LOOK_EVERY.closed, () => void look());
  };
  return {
    closed() {
      decide();
      return closed;
    },
    took(entries, bytes) {
      estimate.add(entries);
      known = { ...known, waitingBytes: known.waitingBytes + bytes };
    },
    async start() {
      if (deps.waiting() > 0) known = { ...known, waitingBytes: await deps.store.waitingBytes() };
      await look();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}

/** What waits is counted with a delay: what was taken since the last count comes on top. */
function createEstimate(count: () => number): { now(): number; add(entries: number): void } {
  const last = { counted: 0, since: 0 };
  return {
    now() {
      const counted = count();
      if (counted !== last.counted) Object.assign(last, { counted, since: 0 });
      return counted + last.since;
    },
    add: (entries) => void (last.since += entries),
  };
}
