import type { AccessConfig } from "../../core/config.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Channel, ChannelDeps, ChannelKind, ChannelState } from "../../ports/channel.ts";
import { renderReply } from "./render.ts";
import type { WebOptions } from "./schema.ts";

/**
 * The channel behind the page and the API. Messages come in over HTTP, with their callers' proof of who they are, so
 * nothing is received here and nobody is admitted here; answers are read from the store, so a send has nothing to do.
 */
export const web: ChannelKind<WebOptions> = {
  kind: "web",
  implicitAccount: "default",
  schema: async () => (await import("./schema.ts")).webSchema,
  defaults: {},
  plan: (section) =>
    Promise.resolve({
      kind: "web",
      account: section.id,
      access: NOBODY,
      effectiveConfig: "{}",
      open: (deps) => openWeb(section.id, deps),
    }),
};

const NOBODY: AccessConfig = { direct: { policy: "off", allow: [] }, groups: {} };

function openWeb(account: string, deps: ChannelDeps): Channel {
  let since = deps.clock.now();
  let status: ChannelState["status"] = "starting";
  const watchers: (() => void)[] = [];
  const become = (next: ChannelState["status"]): void => {
    if (next === status) return;
    status = next;
    since = deps.clock.now();
    for (const changed of watchers) changed();
  };
  return {
    kind: "web",
    account,
    capabilities: {
      textUnits: LIMITS.replyUnits,
      files: false,
      progress: "events",
      // A send can't be in doubt: the answer is in the store before it begins.
      inDoubt: "nonce",
      readsStore: true,
      quiet: true,
      fileBytes: 0,
    },
    async run(signal) {
      if (!signal.aborted) become("connected");
      await ended(signal);
      become("stopped");
    },
    state: () => ({
      status,
      code: null,
      detail: null,
      since,
      // HTTP is asked, it doesn't ask: while it is open it can receive.
      lastReceive: status === "starting" ? null : deps.clock.monotonic(),
      name: null,
      hints: [],
    }),
    onState: (changed) => {
      watchers.push(changed);
    },
    plan: (reply) => renderReply(reply),
    send(request) {
      const { address, id } = request.delivery;
      const ours = address.channel === "web" && address.account === account;
      return Promise.resolve(
        ours
          ? { kind: "sent", platformId: id }
          : { kind: "refused", detail: "not a conversation of this account" },
      );
    },
  };
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
