import { backoffDelay } from "../core/backoff.ts";
import { messageOf, toRollcallError } from "../core/errors.ts";
import { BACKOFF } from "../core/limits.ts";
import { MINUTE, SECOND, type Duration } from "../core/time.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Keeps channels running, each on its own: one that fails stops neither dispatch nor the others. */
export interface Supervisor {
  start(channel: Channel): void;
  /** Stops one, bounded in the same way. Resolves when it has stopped, or was abandoned. */
  stopOne(channel: Channel, within: Duration): Promise<void>;
  /** Stops all, bounded: a channel that doesn't stop in time is abandoned, and said. */
  stop(within: Duration): Promise<void>;
}

/**
 * How often a channel that ends is started again: after `backoff`, never sooner than `atLeast`, so at most twice a
 * minute in the long run; one that ran for `steady` begins anew. It is never given up: platforms come back.
 */
export const RESTART = { backoff: BACKOFF.poll, atLeast: SECOND, steady: MINUTE } as const;

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const stopping = new AbortController();
  const running = new Map<Channel, Run>();
  const ended = async (channel: Channel, run: Run, late: Promise<"late">): Promise<void> => {
    running.delete(channel);
    if ((await Promise.race([run.ended, late])) !== "late") return;
    deps.log.error("channel.abandoned", { channel: channel.kind, account: channel.account });
  };
  return {
    start(channel) {
      const own = new AbortController();
      if (stopping.signal.aborted) own.abort();
      stopping.signal.addEventListener("abort", () => own.abort(), { once: true, signal: own.signal });
      running.set(channel, { own, ended: keepRunning(deps, channel, own.signal) });
    },
    async stopOne(channel, within) {
      const run = running.get(channel);
      if (run === undefined) return;
      run.own.abort();
      await ended(
        channel,
        run,
        deps.clock.sleep(within).then(() => "late" as const),
      );
    },
    async stop(within) {
      stopping.abort();
      const late = deps.clock.sleep(within).then(() => "late" as const);
      for (const [channel, run] of running) await ended(channel, run, late);
    },
  };
}

interface Run {
  readonly own: AbortController;
  readonly ended: Promise<void>;
}

async function keepRunning(deps: SupervisorDeps, channel: Channel, signal: AbortSignal): Promise<void> {
  const name = { channel: channel.kind, account: channel.account };
  for (let failures = 0; !signal.aborted;) {
    const begun = deps.clock.monotonic();
    try {
      await channel.run(signal);
      if (signal.aborted) return;
      deps.log.error("channel.ended", { ...name, detail: "it stopped receiving by itself" });
    } catch (error) {
      const fault = toRollcallError(error);
      deps.log.error("channel.failed", { ...name, code: fault.code, detail: messageOf(error) });
    }
    failures = deps.clock.monotonic() - begun >= RESTART.steady ? 1 : failures + 1;
    const pause = backoffDelay(RESTART.backoff, failures, deps.random.next());
    await deps.clock.sleep(Math.max(RESTART.atLeast, pause), signal);
  }
}
