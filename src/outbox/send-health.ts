import type { SendOutcome } from "../ports/channel.ts";
import type { DispatcherDeps } from "./deps.ts";
import { OUTBOX } from "./limits.ts";

/** Notices when an account can't send, whatever its receiving says, and tells the operator once. */
export interface SendHealth {
  /** How a try ended. */
  tried(account: string, outcome: SendOutcome): void;
  /** Nothing waits there any more. */
  idle(account: string): void;
}

export function createSendHealth(deps: Pick<DispatcherDeps, "alerts" | "log">): SendHealth {
  const failures = new Map<string, number>();
  const told = new Set<string>();
  const over = (account: string): void => {
    failures.delete(account);
    if (!told.delete(account)) return;
    deps.log.info("outbox.sends_again", { account });
    deps.alerts?.resolve("sends-failing", `sends/${account}`);
  };
  return {
    tried(account, outcome) {
      if (outcome.kind === "wait") return;
      if (outcome.kind === "sent" || outcome.kind === "refused") return over(account);
      const count = (failures.get(account) ?? 0) + 1;
      failures.set(account, count);
      if (count < OUTBOX.failuresTold || told.has(account)) return;
      told.add(account);
      deps.log.error("outbox.sends_fail", { account, detail: outcome.detail });
      deps.alerts?.raise({
        code: "sends-failing",
        subject: `sends/${account}`,
        severity: "critical",
        channel: account,
        summary: `Nothing can be sent over ${account}: ${outcome.detail}. It is kept, and tried again.`,
      });
    },
    idle: over,
  };
}
