import { UNDO } from "../boot/stop-plan.ts";
import { SECOND, type Duration } from "../core/time.ts";
import type { Pipeline } from "./pipeline.ts";
import type { ServeInput } from "./serve-input.ts";

/** How long intake waits at most for the processes of an earlier gateway. Usually they are gone in some 50 ms. */
const REAP_PATIENCE: Duration = 0.5 * SECOND;

/** What an earlier gateway left, from its processes to its turns and replies. */
export interface Recovering {
  /** Before anything listens: ends processes, and finds out which sends are in doubt. */
  reap(): Promise<void>;
  /** Once channels are open: decides on every turn. Doesn't wait. */
  begin(): void;
  /** Says what came of it, when all of it is decided on. */
  announce(): void;
  /** For the status: what isn't decided on, and what keeps it. */
  state(): { readonly recovering: number; readonly survivors: number };
  stop(): void;
}

export function openRecovering({ platform, boot }: ServeInput, pipeline: Pipeline): Recovering {
  const { log } = platform;
  const recovery = pipeline.recovery(platform.processes);
  let deliveries = { ready: 0, inDoubt: 0 };
  let decided: ReturnType<typeof recovery.begin> | undefined;
  boot.undo("recovery", UNDO.step, () => recovery.stop());
  return {
    async reap() {
      await recovery.reap(REAP_PATIENCE);
      deliveries = await pipeline.outbox.recover();
    },
    begin() {
      decided = recovery.begin();
    },
    announce() {
      const { ready, inDoubt } = deliveries;
      void decided?.then((summary) =>
        log.info("gateway.recovered", { ...summary, deliveries: ready, inDoubt }),
      );
    },
    state: () => recovery.state(),
    stop: () => recovery.stop(),
  };
}
