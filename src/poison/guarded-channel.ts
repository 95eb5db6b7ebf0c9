import { formatAddress, type Address } from "../core/address.ts";
import { deliverySubject } from "../core/poison.ts";
import type { Channel, SendOutcome } from "../ports/channel.ts";
import type { Guard } from "../ports/guard.ts";

/**
 * A channel whose sends and edits run under the guard. A live view that crashed the process once isn't shown in that
 * place again: the answer comes without it.
 */
export function guardChannel(channel: Channel, guard: Guard): Channel {
  // By name at each call, so that a channel may be an instance of a class.
  return {
    kind: channel.kind,
    account: channel.account,
    capabilities: channel.capabilities,
    run: (signal) => channel.run(signal),
    state: () => channel.state(),
    onState: (changed) => channel.onState(changed),
    plan: (reply, context) => channel.plan(reply, context),
    send: (request, signal) =>
      guard.run("send", [deliverySubject(request.delivery.id)], () => channel.send(request, signal)),
    ...("edit" in channel && { edit: guardedEdit(channel, guard) }),
    ...("acknowledge" in channel && {
      acknowledge: (address, id, phase) => channel.acknowledge?.(address, id, phase),
    }),
    ...("fetch" in channel && {
      fetch: async (file, path, signal) => channel.fetch?.(file, path, signal),
    }),
    ...("transcribe" in channel && {
      transcribe: async (path, signal) => (await channel.transcribe?.(path, signal)) ?? null,
    }),
  };
}

function guardedEdit(channel: Channel, guard: Guard): NonNullable<Channel["edit"]> {
  const refused = (detail: string): SendOutcome => ({ kind: "refused", detail });
  return async (address: Address, platformId, text, signal) => {
    const place = `place:${formatAddress(address)}`;
    if (guard.crashes(place) > 0) return refused("the gateway crashed while it showed an answer here");
    return guard.run(
      "show",
      [place],
      async () =>
        (await channel.edit?.(address, platformId, text, signal)) ?? refused("the channel can't edit"),
    );
  };
}
