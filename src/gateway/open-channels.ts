import { createSupervisor } from "../channels/supervisor.ts";
import { UNDO } from "../boot/stop-plan.ts";
import { CHAT_COMMANDS } from "../core/chat-commands.ts";
import { SECOND } from "../core/time.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import { guardChannel } from "../poison/guarded-channel.ts";
import type { Guard } from "../ports/guard.ts";
import { createChannelResources, type ChannelResources } from "./channel-resources.ts";
import type { Pipeline } from "./pipeline.ts";
import type { ServeInput } from "./serve-input.ts";

/** What opens channel accounts and keeps them running, with its way back. Nothing is open yet. */
export function channelResources(
  { platform, opened, boot }: ServeInput,
  pipeline: Pipeline,
  guard: Guard,
): ChannelResources {
  const supervisor = createSupervisor({
    clock: systemClock,
    random: systemRandom,
    log: platform.log.child("channels"),
  });
  boot.undo("channels", UNDO.channels, () => supervisor.stop(UNDO.channels - SECOND));
  return createChannelResources({
    supervisor,
    channels: pipeline.channels,
    guarded: (channel) => guardChannel(channel, guard),
    changed: () => pipeline.outbox.poke(),
    deps: ({ kind, account }) => ({
      clock: systemClock,
      random: systemRandom,
      log: platform.log.child(`${kind}/${account}`),
      intake: pipeline.intake,
      store: opened.store,
      guard,
      processes: platform.processes,
      commands: CHAT_COMMANDS.map(({ name, about }) => ({ name, about })),
    }),
  });
}
