import type { Role } from "./message.ts";

/** A command that the gateway answers itself, in every chat, without the agent. */
export interface ChatCommand {
  readonly name: string;
  readonly about: string;
  readonly roles: readonly Role[];
}

const EVERYBODY: readonly Role[] = ["owner", "paired", "operator"];
const OWNERS: readonly Role[] = ["owner", "operator"];

/** The menu of every platform, in this order. */
export const CHAT_COMMANDS: readonly ChatCommand[] = [
  { name: "start", about: "what this is", roles: EVERYBODY },
  { name: "help", about: "the commands", roles: EVERYBODY },
  { name: "status", about: "who can answer, and what waits", roles: EVERYBODY },
  { name: "new", about: "begin a new session", roles: EVERYBODY },
  { name: "stop", about: "stop what is running here", roles: EVERYBODY },
  { name: "model", about: "show or choose the model of this chat", roles: EVERYBODY },
  { name: "whoami", about: "your id and your role", roles: EVERYBODY },
  { name: "approve", about: "admit a person by the code they were shown", roles: OWNERS },
  { name: "deny", about: "refuse a person by the code they were shown", roles: OWNERS },
  { name: "held", about: "messages that wait for an agent", roles: OWNERS },
  { name: "alerts", about: "what is wrong; ack, mute and test alerts", roles: OWNERS },
  { name: "run", about: "run a message that waited long after all", roles: EVERYBODY },
  { name: "skip", about: "drop a message, or answers, that waited long", roles: EVERYBODY },
  { name: "show", about: "show a message that waits, or get answers that do", roles: EVERYBODY },
  { name: "retry", about: "run a failed or interrupted message again", roles: EVERYBODY },
];

/** A command as it was typed. */
export interface ParsedCommand {
  readonly command: ChatCommand;
  readonly args: string;
}

/**
 * Reads `/name args`. Undefined for every other text, also for slash words that aren't ours and for commands that the
 * role may not use: those go to the agent. Channels have already cut `@bot` off.
 */
export function parseChatCommand(text: string, role: Role): ParsedCommand | undefined {
  const match = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text.trim());
  const command = CHAT_COMMANDS.find((known) => known.name === match?.[1]?.toLowerCase());
  if (command === undefined || !command.roles.includes(role)) return undefined;
  return { command, args: match?.[2]?.trim() ?? "" };
}
