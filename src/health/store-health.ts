import { toRollcallError, type ErrorCode } from "../core/errors.ts";
import { SECOND, type Duration, type Instant } from "../core/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Pulse } from "../ports/pulse.ts";

/** Whether the store commits, proven by commits. */
export interface StoreHealth {
  /** What is wrong, or null. */
  fault(): { readonly code: ErrorCode; readonly since: Instant } | null;
  /** What the last proof took, in milliseconds; null before the first. */
  latency(): Duration | null;
  /** Somebody saw a write fail: look again now. */
  suspect(): void;
  /** The proofs that run now. */
  pulses(): readonly Pulse[];
  start(): void;
  stop(): void;
}

export interface StoreHealthDeps {
  readonly probe: () => Promise<Duration>;
  readonly clock: Clock;
  readonly log: Log;
  /** The disk failed while committing, or the file is damaged: nothing may be written by this process any more. */
  readonly fatal: (code: ErrorCode) => void;
}

/** A commit that takes longer than this is no slow disk any more. */
const PROBE_WITHIN = 30 * SECOND;
const EVERY = { healthy: 5 * SECOND, failing: SECOND } as const;

export function createStoreHealth(deps: StoreHealthDeps): StoreHealth {
  let fault: { code: ErrorCode; since: Instant } | null = null;
  let cancel = (): void => {};
  let stopped = false;
  let took: Duration | null = null;
  const running = new Set<Pulse>();

  const look = async (): Promise<void> => {
    cancel();
    if (stopped) return;
    const pulse = { what: "a commit of the store", begunAt: deps.clock.monotonic(), within: PROBE_WITHIN };
    running.add(pulse);
    try {
      took = await deps.probe();
      if (fault !== null) deps.log.info("store.available", { was: fault.code });
      fault = null;
    } catch (error) {
      const { code, message } = toRollcallError(error);
      if (fault?.code !== code) deps.log.error("store.unavailable", { code, error: message });
      fault = { code, since: fault?.since ?? deps.clock.now() };
      if (code === "store-io" || code === "store-corrupt") deps.fatal(code);
    } finally {
      running.delete(pulse);
    }
    if (!stopped)
      cancel = deps.clock.timer(fault === null ? EVERY.healthy : EVERY.failing, () => void look());
  };
  return {
    fault: () => fault,
    latency: () => took,
    suspect: () => void look(),
    pulses: () => [...running],
    start: () => void look(),
    stop() {
      stopped = true;
      cancel();
    },
  };
}
