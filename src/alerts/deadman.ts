import { messageOf } from "../core/errors.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { SendHttp } from "../ports/alert-route.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

export interface DeadmanDeps {
  readonly url: URL;
  readonly every: Duration;
  /** Whether all is well: ready, and no alert waits that no route took. */
  readonly well: () => boolean;
  readonly http: SendHttp;
  readonly clock: Clock;
  readonly log: Log;
}

const DEADLINE = 10 * SECOND;

/**
 * Pings an address outside as long as all is well, so that somebody notices when it stops: whatever else has failed,
 * silence gets through.
 */
export function startDeadman(deps: DeadmanDeps): { stop(): void } {
  const stopped = new AbortController();
  let cancel = (): void => {};
  let failing = false;
  const ping = async (): Promise<void> => {
    cancel = deps.clock.timer(deps.every, () => void ping());
    if (!deps.well()) return;
    const problem = await pingOnce(deps, stopped.signal);
    if (stopped.signal.aborted || (problem === null) !== failing) return;
    failing = problem !== null;
    if (failing) deps.log.warn("deadman.failed", { problem });
    else deps.log.info("deadman.works", {});
  };
  cancel = deps.clock.timer(0, () => void ping());
  return {
    stop() {
      stopped.abort();
      cancel();
    },
  };
}

async function pingOnce({ http, url, clock }: DeadmanDeps, stop: AbortSignal): Promise<string | null> {
  const deadline = new AbortController();
  const cancel = clock.timer(DEADLINE, () => deadline.abort());
  try {
    const status = await http(url, { method: "GET", signal: AbortSignal.any([deadline.signal, stop]) });
    return status >= 200 && status < 300 ? null : `it answered ${status}`;
  } catch (error) {
    return messageOf(error);
  } finally {
    cancel();
  }
}
