import type { AlertRouteKind } from "../ports/alert-route.ts";
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

export const ALERT_ROUTE_KINDS: Readonly<Record<string, () => Promise<AlertRouteKind>>> = {
  channel: async () => (await import("../alerts/routes/channel.ts")).channelRoute,
  webhook: async () => (await import("../alerts/routes/webhook.ts")).webhookRoute,
  email: async () => (await import("../alerts/routes/email.ts")).emailRoute,
  command: async () => (await import("../alerts/routes/command.ts")).commandRoute,
};

/** What a generation's draft begins with, before plugins add theirs. */
export const BUILT_INS: BuiltIns = {
  harnesses: HARNESS_KINDS,
  channels: CHANNEL_KINDS,
  alertRoutes: ALERT_ROUTE_KINDS,
};
