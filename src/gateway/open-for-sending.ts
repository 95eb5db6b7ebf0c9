import type { Address } from "../core/address.ts";
import { messageOf, RollcallError } from "../core/errors.ts";
import { systemClock } from "../platform/clock.ts";
import { systemRandom } from "../platform/random.ts";
import type { Channel, ChannelDeps } from "../ports/channel.ts";
import { unguarded } from "../ports/guard.ts";
import { CHANNEL_KINDS } from "./catalog.ts";
import type { LastRoutes } from "./last-routes.ts";
import type { Platform } from "./platform.ts";
import { sectionOf } from "./section-of.ts";

/** Opens an account that only sends: nothing is received, nothing is stored. What can't be opened is left out. */
export async function openForSending(
  platform: Platform,
  { config, baseDir }: LastRoutes,
  { channel: id, account }: Address,
  opened: Map<string, Channel>,
): Promise<void> {
  const name = `${id}/${account}`;
  const load = Object.hasOwn(CHANNEL_KINDS, id) ? CHANNEL_KINDS[id] : undefined;
  if (load === undefined || opened.has(name)) return;
  try {
    const kind = await load();
    const options = config.channels[id]?.accounts[account] ?? {};
    const { secrets } = platform;
    const at = `channels.${id}.accounts.${account}`;
    const plan = await kind.plan(await sectionOf({ baseDir, secrets }, kind, account, options, at));
    opened.set(name, plan.open(sendingOnly(platform, config.gateway)));
  } catch (error) {
    platform.log.warn("alert.channel_not_opened", { channel: name, error: messageOf(error) });
  }
}

function sendingOnly(platform: Platform, network: LastRoutes["config"]["gateway"]): ChannelDeps {
  const refuse = (): Promise<never> => Promise.reject(new RollcallError("draining"));
  return {
    clock: systemClock,
    random: systemRandom,
    log: platform.log.child("alerts"),
    intake: { accept: refuse },
    store: { cursor: refuse, note: refuse, setNote: refuse },
    processes: platform.processes,
    guard: unguarded,
    network,
    commands: [],
  };
}
