import type { Address } from "./address.ts";

/** No client can choose a name with a slash, so that these conversations are the gateway's own. */
export const CANARY_PREFIX = "canary/";

/** Where the canary of an agent lives: a conversation of the web channel that nobody else can name. */
export function canaryAddress(agent: string): Address {
  return { channel: "web", account: "default", conversation: CANARY_PREFIX + agent };
}

/** Whether a conversation is the gateway's own: left out wherever people look at theirs. */
export function isCanaryConversation(conversation: string): boolean {
  return conversation.startsWith(CANARY_PREFIX);
}
