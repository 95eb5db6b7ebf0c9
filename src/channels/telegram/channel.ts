import { createHash } from "node:crypto";
import { RollcallError } from "../../core/errors.ts";
import type { ChannelKind } from "../../ports/channel.ts";
import type { TelegramOptions } from "./schema.ts";

/**
 * Telegram, by a bot of BotFather's and long polling. In: at least once, made once by message ids. Out: once, or with
 * the mark of a repeat where an answer of the platform was lost. The guide is docs/channels/telegram.md.
 */
export const telegram: ChannelKind<TelegramOptions> = {
  kind: "telegram",
  schema: async () => (await import("./schema.ts")).telegramSchema,
  async plan(section) {
    const { id: account, options, at } = section;
    const token = await section.secret(options.token, "token");
    // Anything else would change the address that requests go to.
    if (!/^[\w:-]+$/.test(token)) {
      throw new RollcallError("config-invalid", {
        at: `${at}.token`,
        detail: `${at}.token doesn't look like a bot's token`,
      });
    }
    // Everything that the bot needs is loaded here, before anything is opened.
    const { openTelegram } = await import("./open.ts");
    const { apiRoot, stream, media, direct, groups } = options;
    const listens = Object.keys(groups).filter((group) => groups[group]?.mention === false);
    return {
      kind: "telegram",
      account,
      access: { direct, groups: withoutGaps(groups) },
      // Who may write is decided elsewhere, for each message: a change there needs no new connection.
      effectiveConfig: JSON.stringify({ token: digest(token), apiRoot, stream, media, listens }),
      open: (deps) => openTelegram({ account, token, options }, deps),
    };
  },
};

function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** The same groups without keys whose value is undefined, as the core's types have it. */
function withoutGaps(groups: TelegramOptions["groups"]) {
  return Object.fromEntries(
    Object.entries(groups).map(([id, { agent, topics, ...group }]) => [
      id,
      {
        ...group,
        ...(agent !== undefined && { agent }),
        topics: Object.fromEntries(
          Object.entries(topics).map(([topic, served]) => [
            topic,
            served.agent === undefined ? {} : { agent: served.agent },
          ]),
        ),
      },
    ]),
  );
}
