import { parseAddress, type Address } from "../../core/address.ts";
import { RollcallError } from "../../core/errors.ts";
import { SECOND } from "../../core/time.ts";
import type { AlertRouteKind, AlertRoutePlan } from "../../ports/alert-route.ts";
import { chatText } from "../words.ts";
import type { ChannelRouteOptions } from "./schema.ts";

const DEADLINE = 10 * SECOND;

/** Writes to a chat. Delivered when the platform has taken the message. Not tried while its channel is not connected. */
export const channelRoute: AlertRouteKind<ChannelRouteOptions> = {
  kind: "channel",
  schema: async () => (await import("./schema.ts")).channelRouteSchema,
  async plan({ id, options, at }) {
    const address = parseAddress(options.to);
    if (address === undefined)
      throw new RollcallError("config-invalid", { at, detail: `${at}.to: no address` });
    return chatRoute(id, address);
  },
};

/** The same for an address that is known already: the owners, where no routes are configured. */
export function chatRoute(name: string, address: Address): AlertRoutePlan {
  return {
    name,
    over: address,
    open: ({ chats, host }) => ({
      name,
      deadline: DEADLINE,
      problem: () => chats.problem(address),
      send: (alert, signal) =>
        chats.send(address, chatText(alert, host), `alert:${alert.id}:${name}`, signal),
    }),
  };
}
