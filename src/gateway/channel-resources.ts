import type { Supervisor } from "../channels/supervisor.ts";
import { SECOND } from "../core/time.ts";
import type { Channel, ChannelAccount, ChannelDeps, NetworkConfig } from "../ports/channel.ts";
import type { Generation } from "../ports/roster.ts";

export interface ChannelResourceDeps {
  readonly supervisor: Supervisor;
  /** What serves, by `channel/account`: read by the outbox and the status, written here alone. */
  readonly channels: Map<string, Channel>;
  /** What a channel is opened with, beside the network's settings. */
  readonly deps: (account: ChannelAccount) => Omit<ChannelDeps, "network">;
  /** Puts what watches over its work around an open channel. */
  readonly guarded: (channel: Channel) => Channel;
  /** A channel's state changed, or there is another one. */
  readonly changed: () => void;
}

/**
 * The open channel accounts. An account belongs to its effective configuration and the network's, not to a generation:
 * its poller runs on across reloads that don't change them.
 */
export interface ChannelResources {
  /**
   * Brings what is open in line with a generation that has just been published: what changed or is gone stops first,
   * then what is new is opened. An account that is handed over isn't served in between, and the status says so. Never
   * rejects; bounded.
   */
  follow(generation: Generation): Promise<void>;
}

interface Open {
  readonly key: string;
  readonly channel: Channel;
}

/** What a poller may take to stop. */
const STOP = 8 * SECOND;

export function createChannelResources({
  supervisor,
  channels,
  deps,
  guarded,
  changed,
}: ChannelResourceDeps): ChannelResources {
  const open = new Map<string, Open>();
  return {
    async follow({ accounts, config }) {
      const network = networkOf(config.gateway);
      const wanted = new Map([...accounts].map(([name, account]) => [name, keyOf(account, network)]));
      const stopping = [...open].filter(([name, { key }]) => wanted.get(name) !== key);
      for (const [name] of stopping) {
        open.delete(name);
        channels.delete(name);
      }
      const stopped = new Map(
        stopping.map(([name, { channel }]) => [name, supervisor.stopOne(channel, STOP)]),
      );
      const handovers = [...accounts].map(async ([name, account]) => {
        const key = wanted.get(name);
        if (key === undefined || open.get(name)?.key === key) return;
        await stopped.get(name);
        const channel = guarded(account.open({ ...deps(account), network }));
        open.set(name, { key, channel });
        channels.set(name, channel);
        channel.onState(changed);
        supervisor.start(channel);
        changed();
      });
      await Promise.all([...handovers, ...stopped.values()]);
    },
  };
}

function networkOf({ proxy, ipFamily }: Generation["config"]["gateway"]): NetworkConfig {
  return { ipFamily, ...(proxy !== undefined && { proxy }) };
}

function keyOf({ effectiveConfig }: ChannelAccount, { proxy, ipFamily }: NetworkConfig): string {
  return JSON.stringify([effectiveConfig, proxy ?? null, ipFamily]);
}
