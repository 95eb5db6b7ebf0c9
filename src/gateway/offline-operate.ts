import type { AgentConfig } from "../core/config.ts";
import { createIds } from "../core/ids.ts";
import { RollcallError } from "../core/errors.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { Operate } from "../ports/operate.ts";
import type { Generation } from "../ports/roster.ts";
import type { Store } from "../ports/store.ts";
import { createOperate } from "../sessions/operate.ts";

/** A message's own agent is taken as it is: the next start holds the message if the agent is gone. */
class AnyAgent extends Map<string, AgentConfig> {
  override has(): boolean {
    return true;
  }
}

const NOBODY: Pick<Generation, "agents"> = { agents: new AnyAgent() };

const nothing = (): void => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing };
const log = { ...silent, child: () => log };

/**
 * What an operator can do with the messages of a gateway that isn't running: the store changes, and the next start
 * goes on from there. Nothing runs, so nothing is woken or stopped.
 */
export function offlineOperate(store: Store): Operate {
  const needsGateway = (): never => {
    throw new RollcallError("gateway-unreachable", {
      detail: "only a running gateway knows its agents and channels",
    });
  };
  return createOperate({
    store,
    lanes: {
      wake: nothing,
      stop: () => false,
      interrupt: nothing,
      drain: () => Promise.resolve(),
      running: () => 0,
      pulses: () => [],
    },
    outbox: {
      wake: nothing,
      plan: needsGateway,
      readsStore: needsGateway,
      shown: nothing,
      progress: needsGateway,
      acknowledge: nothing,
    },
    roster: { current: () => NOBODY },
    clock: systemClock,
    ids: createIds(
      () => systemClock.now(),
      () => systemRandom.next(),
    ),
    log,
    events: { publish: nothing, subscribe: () => nothing, since: () => [] },
    reachable: needsGateway,
  });
}
