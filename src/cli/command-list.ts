import { ACCESS_COMMANDS } from "./access-commands.ts";
import type { CommandSpec, OptionSpec } from "./command-spec.ts";
import { GATEWAY_COMMANDS } from "./gateway-commands.ts";
import { MESSAGE_COMMANDS } from "./message-commands.ts";

/** What families of commands are about. */
export const FAMILIES: Readonly<Record<string, string>> = {
  messages: "a message's whole life, and what an operator can do with it",
  pairing: "strangers who ask to be admitted",
  alerts: "what is wrong, and who is told of it",
  tokens: "tokens of the API",
  sessions: "lasting contexts of agents",
  service: "the gateway as a systemd service",
};

/** Options of every command. */
export const EVERYWHERE: readonly OptionSpec[] = [
  { flags: "--config <FILE>", about: "configuration (else ROLLCALL_CONFIG, ./rollcall.json5, the user's)" },
  { flags: "--state <DIR>", about: "state directory (else ROLLCALL_STATE_DIR, ./.rollcall, the user's)" },
];

/** Options of commands that talk to a running gateway. */
export const REMOTE: readonly OptionSpec[] = [
  { flags: "--url <URL>", about: "a gateway elsewhere, instead of the one of the state directory" },
  { flags: "--token <TOKEN>", about: "its token (else ROLLCALL_TOKEN)" },
];

/** Every command, in the order of help. */
export const COMMANDS: readonly CommandSpec[] = [
  ...GATEWAY_COMMANDS,
  ...MESSAGE_COMMANDS,
  ...ACCESS_COMMANDS,
];
