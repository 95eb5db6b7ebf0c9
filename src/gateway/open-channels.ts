import { createSupervisor } from "../channels/supervisor.ts";
import { UNDO } from "../boot/stop-plan.ts";
import { CHAT_COMMANDS } from "../core/chat-commands.ts";
import { SECOND } from "../core/time.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { Pipeline } from "./pipeline.ts";
import type { ServeInput } from "./serve-input.ts";

/** Opens every channel account and keeps it running. The first receive isn't waited for. */
export function openChannels(
  { platform, settled, opened, plans, boot }: ServeInput,
  pipeline: Pipeline,
): void {
  const { proxy, ipFamily } = settled.config.gateway;
  const supervisor = createSupervisor({
    clock: systemClock,
    random: systemRandom,
    log: platform.log.child("channels"),
  });
  boot.undo("channels", UNDO.channels, () => supervisor.stop(UNDO.channels - SECOND));
  for (const account of plans.channels) {
    const channel = account.open({
      clock: systemClock,
      random: systemRandom,
      log: platform.log.child(`${account.kind}/${account.account}`),
      intake: pipeline.intake,
      store: opened.store,
      processes: platform.processes,
      network: { ipFamily, ...(proxy !== undefined && { proxy }) },
      commands: CHAT_COMMANDS.map(({ name, about }) => ({ name, about })),
    });
    pipeline.channels.set(`${account.kind}/${account.account}`, channel);
    channel.onState(() => pipeline.outbox.poke());
    supervisor.start(channel);
  }
  pipeline.outbox.poke();
}
