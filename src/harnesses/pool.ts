/**
 * Warm processes: one per session, at most `max`, each ended after it has been idle for long enough.
 *
 * starting → busy ⇄ idle → ending → gone. At the bound the longest idle process of another session makes room; with
 * none idle the opener waits in line, and is never refused.
 *
 * Keeps: I9 (one live process per session: a place is free only when its process has ended), I16 (at most `max`).
 */
import { messageOf } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import { HarnessFailed } from "../ports/harness.ts";
import type { Log } from "../ports/log.ts";
import { nextPoolStep, type Place, type PoolStep } from "./pool-policy.ts";

/** A process as the pool sees it. */
export interface Pooled {
  /** Resolves when the process has ended, with what is worth logging. */
  readonly exited: Promise<string>;
  /** Ends it with its tree. Bounded. */
  end(grace: Duration): Promise<void>;
}

export interface PoolOptions {
  readonly max: number;
  readonly idle: Duration;
  /** What a process gets to end by itself. */
  readonly grace: Duration;
}

export interface Wanted<P> {
  readonly key: string;
  /** Whether a warm process of this session may be used as it is. */
  fits(process: P): boolean;
  start(signal: AbortSignal): Promise<P>;
}

/** A process that is held until it is given back. */
export interface Lease<P> {
  readonly process: P;
  /** `broken`: it is ended, and the promise resolves when it is gone. */
  release(broken: boolean): Promise<void>;
}

export interface Pool<P> {
  /** @throws HarnessFailed `turn-interrupted` when `signal` aborts first or the pool closes; what `start` throws */
  acquire(wanted: Wanted<P>, signal: AbortSignal): Promise<Lease<P>>;
  load(): { readonly running: number; readonly idle: number; readonly waiting: number; readonly max: number };
  /** Keeps nothing warm any more: ends what is idle now, the rest when it is given back. Bounded by the grace. */
  retire(): Promise<void>;
  /** Ends everything. Bounded: grace + 2 s. */
  close(grace: Duration): Promise<void>;
}

interface Slot<P> {
  readonly key: string;
  state: Place["state"];
  idleSince: number;
  process: P | undefined;
  /** The process has ended by itself. */
  dead: boolean;
  cancelIdle: () => void;
  gone: Promise<void>;
}

interface Opener<P> {
  readonly wanted: Wanted<P>;
  readonly signal: AbortSignal;
  resolve(lease: Lease<P>): void;
  reject(error: unknown): void;
}

interface State<P> {
  readonly clock: Clock;
  readonly log: Log;
  readonly options: PoolOptions;
  readonly slots: Map<string, Slot<P>>;
  readonly openers: Opener<P>[];
  readonly closing: AbortController;
  retired: boolean;
  /** Counts the processes that became idle. */
  order: number;
}

export function createPool<P extends Pooled>(
  deps: { readonly clock: Clock; readonly log: Log },
  options: PoolOptions,
): Pool<P> {
  const { clock, log } = deps;
  const closing = new AbortController();
  const pool: State<P> = {
    clock,
    log,
    options,
    slots: new Map(),
    openers: [],
    closing,
    retired: false,
    order: 0,
  };
  return {
    acquire: (wanted, signal) => enqueue(pool, wanted, signal),
    load: () => loadOf([...pool.slots.values()], pool.openers.length, options.max),
    async retire() {
      pool.retired = true;
      const idle = [...pool.slots.values()].filter(({ state }) => state === "idle" || state === "ending");
      await Promise.all(idle.map(({ key }) => endSlot(pool, key, options.grace)));
    },
    async close(grace) {
      closing.abort();
      const over = new AbortController();
      const ended = Promise.all([...pool.slots.keys()].map((key) => endSlot(pool, key, grace)));
      await Promise.race([ended, clock.sleep(grace + 2 * SECOND, over.signal)]);
      over.abort();
    },
  };
}

/** Takes every step that can be taken now. */
function pump<P extends Pooled>(pool: State<P>): void {
  for (;;) {
    const waiting = pool.openers.map(({ wanted }) => ({
      key: wanted.key,
      fits: fits(pool.slots.get(wanted.key), wanted),
    }));
    const max = pool.closing.signal.aborted ? 0 : pool.options.max;
    const step = nextPoolStep([...pool.slots.values()], waiting, max);
    if (step === undefined) return;
    apply(pool, step);
  }
}

function apply<P extends Pooled>(pool: State<P>, step: PoolStep): void {
  if (step.do === "end") return void endSlot(pool, step.key, pool.options.grace);
  const opener = pool.openers.splice(step.waiting, 1)[0];
  if (opener === undefined) return;
  const slot = pool.slots.get(opener.wanted.key);
  if (step.do === "reuse" && slot?.process !== undefined) opener.resolve(lease(pool, slot, slot.process));
  else void start(pool, opener);
}

async function start<P extends Pooled>(pool: State<P>, opener: Opener<P>): Promise<void> {
  const { key } = opener.wanted;
  const slot: Slot<P> = {
    key,
    state: "starting",
    idleSince: 0,
    process: undefined,
    dead: false,
    cancelIdle: () => {},
    gone: Promise.resolve(),
  };
  pool.slots.set(key, slot);
  try {
    const process = await opener.wanted.start(AbortSignal.any([opener.signal, pool.closing.signal]));
    slot.process = process;
    void process.exited.then((how) => exited(pool, slot, how));
    opener.resolve(lease(pool, slot, process));
  } catch (error) {
    pool.slots.delete(key);
    opener.reject(error);
    pump(pool);
  }
}

function lease<P extends Pooled>(pool: State<P>, slot: Slot<P>, process: P): Lease<P> {
  slot.cancelIdle();
  slot.state = "busy";
  let given = false;
  return {
    process,
    async release(broken) {
      if (given || pool.slots.get(slot.key) !== slot) return slot.gone;
      given = true;
      if (broken || slot.dead || pool.retired || pool.closing.signal.aborted)
        return endSlot(pool, slot.key, pool.options.grace);
      slot.state = "idle";
      slot.idleSince = pool.order++;
      slot.cancelIdle = pool.clock.timer(
        pool.options.idle,
        () => void endSlot(pool, slot.key, pool.options.grace),
      );
      pump(pool);
    },
  };
}

function endSlot<P extends Pooled>(pool: State<P>, key: string, grace: Duration): Promise<void> {
  const slot = pool.slots.get(key);
  if (slot?.process === undefined || slot.state === "ending") return slot?.gone ?? Promise.resolve();
  slot.cancelIdle();
  slot.state = "ending";
  slot.gone = endProcess(pool, slot, slot.process, grace);
  return slot.gone;
}

async function endProcess<P extends Pooled>(
  pool: State<P>,
  { key }: Slot<P>,
  process: P,
  grace: Duration,
): Promise<void> {
  try {
    await process.end(grace);
  } catch (error) {
    pool.log.error("pool.end_failed", { key, error: messageOf(error) });
  }
  pool.slots.delete(key);
  pump(pool);
}

function exited<P extends Pooled>(pool: State<P>, slot: Slot<P>, how: string): void {
  slot.dead = true;
  if (pool.slots.get(slot.key) !== slot || slot.state !== "idle") return;
  pool.log.warn("harness.process_ended", { session: slot.key, how }, "an idle process ended by itself");
  // What it may have left of its tree goes with it.
  void endSlot(pool, slot.key, 0);
}

function fits<P>(slot: Slot<P> | undefined, wanted: Wanted<P>): boolean {
  return slot?.process !== undefined && wanted.fits(slot.process);
}

function enqueue<P extends Pooled>(
  pool: State<P>,
  wanted: Wanted<P>,
  signal: AbortSignal,
): Promise<Lease<P>> {
  return new Promise<Lease<P>>((resolve, reject) => {
    const given = AbortSignal.any([signal, pool.closing.signal]);
    if (given.aborted) return reject(stopped());
    const giveUp = (): void => {
      const at = pool.openers.indexOf(opener);
      if (at < 0) return;
      pool.openers.splice(at, 1);
      reject(stopped());
      // Whoever stood behind may be the first now.
      pump(pool);
    };
    const settle = (): void => given.removeEventListener("abort", giveUp);
    const opener: Opener<P> = {
      wanted,
      signal,
      resolve(lease) {
        settle();
        resolve(lease);
      },
      reject(error) {
        settle();
        reject(error);
      },
    };
    given.addEventListener("abort", giveUp, { once: true });
    pool.openers.push(opener);
    pump(pool);
  });
}

function stopped(): HarnessFailed {
  return new HarnessFailed({
    class: "cancelled",
    code: "turn-interrupted",
    detail: "stopped while waiting for a process",
  });
}

function loadOf(
  slots: readonly Pick<Place, "state">[],
  waiting: number,
  max: number,
): ReturnType<Pool<never>["load"]> {
  const idle = slots.filter(({ state }) => state === "idle").length;
  return { running: slots.length - idle, idle, waiting, max };
}
