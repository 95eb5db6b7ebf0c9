import { encodePart, formatAddress, matchesAddress, type Address } from "../core/address.ts";
import type { AccessConfig, AgentConfig, BindingConfig } from "../core/config.ts";
import type { SessionKey } from "../core/ids.ts";
import type { ChatKind } from "../core/message.ts";

export interface RouteInput {
  readonly address: Address;
  readonly senderId: string;
  readonly chat: ChatKind;
  /** The place as the configuration knows it, where its id has changed since. */
  readonly configured?: Address;
  /** In a session of its own, whatever direct chats share. */
  readonly apart?: boolean;
  /** The agent that the caller named. */
  readonly named?: string;
}

export interface RouteRules {
  readonly access: AccessConfig | undefined;
  readonly bindings: readonly BindingConfig[];
  readonly agents: ReadonlyMap<string, AgentConfig>;
  readonly firstAgent: string;
}

export interface Route {
  readonly agent: string;
  readonly session: SessionKey;
}

/** Which agent, and which of its sessions. Pure; undefined when the caller named an agent that isn't declared. */
export function route(input: RouteInput, rules: RouteRules): Route | undefined {
  const id = input.named ?? boundAgent(input, rules);
  const agent = rules.agents.get(id);
  return agent && { agent: id, session: sessionKey(agent, input) };
}

/** The topic's agent, else the group's, else the first binding that covers the address, else the first agent. */
function boundAgent(input: RouteInput, rules: RouteRules): string {
  const address = input.configured ?? input.address;
  const group = input.chat === "group" ? rules.access?.groups[address.conversation] : undefined;
  const topic = address.thread === undefined ? undefined : group?.topics[address.thread];
  const binding = rules.bindings.find((candidate) => matchesAddress(candidate.from, address));
  return topic?.agent ?? group?.agent ?? binding?.agent ?? rules.firstAgent;
}

/**
 * The session's key: `agent:main:telegram:direct:12345`, `agent:main:telegram:group:-100…:thread:7`; an account other
 * than `default` shows as `telegram/work`. Direct chats may share one session per person or per agent.
 */
export function sessionKey(agent: AgentConfig, input: RouteInput): SessionKey {
  const { channel, account, conversation, thread } = input.address;
  const head = `agent:${encodePart(agent.id)}`;
  const shared = input.chat === "direct" && input.apart !== true;
  if (shared && agent.session.direct === "agent") return `${head}:main` as SessionKey;
  if (shared && agent.session.direct === "person") {
    const person = agent.session.links[formatAddress({ channel, account, conversation: input.senderId })];
    if (person !== undefined) return `${head}:person:${encodePart(person)}` as SessionKey;
  }
  const place = account === "default" ? encodePart(channel) : `${encodePart(channel)}/${encodePart(account)}`;
  const topic = thread === undefined ? "" : `:thread:${encodePart(thread)}`;
  return `${head}:${place}:${input.chat}:${encodePart(conversation)}${topic}` as SessionKey;
}
