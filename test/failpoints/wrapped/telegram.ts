import * as real from "../../../src/channels/telegram/channel.ts";
import type { Channel, SendOutcome } from "../../../src/ports/channel.ts";
import { around } from "../pass.ts";

export const telegram: typeof real.telegram = {
  ...real.telegram,
  async plan(section) {
    const account = await real.telegram.plan(section);
    return { ...account, open: (deps) => pointed(account.open(deps)) };
  },
};

function pointed(channel: Channel): Channel {
  const gone: SendOutcome = { kind: "refused", detail: "no edits" };
  return {
    ...channel,
    send: (request, signal) => around("channel.send", () => channel.send(request, signal)),
    ...(channel.edit !== undefined && {
      edit: (...args: Parameters<NonNullable<Channel["edit"]>>) =>
        around("channel.edit", () => channel.edit?.(...args) ?? gone),
    }),
  };
}
