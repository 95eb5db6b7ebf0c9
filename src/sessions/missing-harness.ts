import { formatModelRef } from "../core/model-ref.ts";
import { MINUTE, type Duration } from "../core/time.ts";
import type { Alerts } from "../ports/alerts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Generation } from "../ports/roster.ts";

/** How often one harness's line is repeated while messages keep coming. */
const REPEAT: Duration = MINUTE;

/**
 * Looks, at every dispatch, whether each harness that the agent declares is in the generation that serves. One that
 * isn't is a fault of the gateway itself, whatever its status says, and nothing may hide it: it is called out loudly,
 * and the agent's messages are held. A name that nobody declared is another thing, and is refused at the door.
 */
export function createHarnessCheck(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts?: Pick<Alerts, "raise">;
}): (generation: Generation, agent: string) => void {
  const said = new Map<string, Duration>();
  return (generation, agent) => {
    for (const candidate of generation.candidates(agent)) {
      const { harness } = candidate;
      if (generation.harnesses.has(harness)) continue;
      const now = deps.clock.monotonic();
      if (now - (said.get(harness) ?? -Infinity) < REPEAT) continue;
      said.set(harness, now);
      const fields = {
        harness,
        agent,
        candidate: formatModelRef(candidate),
        generation: generation.number,
        registered: [...generation.harnesses.keys()],
      };
      deps.log.fatal(
        "dispatch.harness_missing",
        fields,
        `[gateway] CRITICAL: declared harness "${harness}" missing from registry on dispatch`,
      );
      const summary = `Harness ${harness} is declared for agent ${agent}, and was not in the registry when a message was to be dispatched.`;
      deps.alerts?.raise({
        code: "harness-unregistered",
        subject: `harness/${harness}`,
        harness,
        agent,
        summary,
        lasting: false,
      });
    }
  };
}
