import type { ChannelKind } from "../ports/channel.ts";
import type { HarnessKind } from "../ports/harness.ts";
import type { BuiltIns } from "../registry/draft.ts";

/**
 * The built-in kinds, by name. A new harness or channel is one folder and one line here. Only what is declared is
 * loaded, and it is loaded by the seal.
 */
export const HARNESS_KINDS: Readonly<Record<string, () => Promise<HarnessKind>>> = {
  echo: async () => (await import("../harnesses/echo/echo.ts")).echo,
  "claude-cli": async () => (await import("../harnesses/claude-cli/claude-cli.ts")).claudeCli,
};

export const CHANNEL_KINDS: Readonly<Record<string, () => Promise<ChannelKind>>> = {
  web: async () => (await import("../channels/web/channel.ts")).web,
  telegram: async () => (await import("../channels/telegram/channel.ts")).telegram,
};

/** What a generation's draft begins with, before plugins add theirs. */
export const BUILT_INS: BuiltIns = { harnesses: HARNESS_KINDS, channels: CHANNEL_KINDS, alertRoutes: {} };
