/**
 * What plugins import from the package, as `rollcall/plugin`. In a running gateway the name always means the gateway's
 * own code, whatever copy is installed beside the plugin.
 */
export { RollcallError } from "./core/errors.ts";
export type { ErrorCode } from "./core/errors.ts";
export type { Alert } from "./core/alert.ts";
export type { Failure } from "./core/failure.ts";
export { HarnessFailed } from "./ports/harness.ts";
export type {
  Harness,
  HarnessDeps,
  HarnessEvent,
  HarnessSession,
  ProbeLevel,
  ProbeResult,
  Prompt,
  SessionSpec,
} from "./ports/harness.ts";
export type {
  Channel,
  ChannelCapabilities,
  ChannelDeps,
  ChannelState,
  SendOutcome,
  SendRequest,
} from "./ports/channel.ts";
export type { AlertRoute, AlertRouteDeps, Receipt } from "./ports/alert-route.ts";
export type { InboundMessage } from "./ports/intake.ts";
export { definePlugin, RegistrationRefused } from "./ports/plugin.ts";
export type { Plugin, PluginHost, PluginSchema } from "./ports/plugin.ts";
export type { Section } from "./ports/section.ts";
