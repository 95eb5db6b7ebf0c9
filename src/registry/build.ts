import type { AgentConfig, Config } from "../core/config.ts";
import { formatModelRef, parseModelRef, type Candidate } from "../core/model-ref.ts";
import type { ChannelAccount } from "../ports/channel.ts";
import type { Harness, HarnessPlan } from "../ports/harness.ts";
import type { Generation } from "../ports/roster.ts";

/** What the configuration declares of harnesses: ids, and who needs each one. */
export interface Declared {
  readonly id: string;
  /** Kind of the harness: as configured, else the id itself. */
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Agents with a candidate on it. */
  readonly agents: readonly string[];
}

/** The agent's candidates, primary first, each once. The references were checked with the configuration. */
export function candidatesOf(agent: AgentConfig): readonly Candidate[] {
  const refs = new Set([agent.model.primary, ...agent.model.fallbacks]);
  return [...refs].flatMap((ref) => parseModelRef(ref) ?? []);
}

/** Every harness that must be there, in order of declaration: those that are listed, and those that a model names. */
export function declaredHarnesses(config: Config): readonly Declared[] {
  const needed = new Map<string, string[]>(Object.keys(config.harnesses).map((id) => [id, []]));
  for (const agent of config.agents.list) {
    for (const { harness } of candidatesOf(agent)) {
      const agents = needed.get(harness) ?? [];
      if (!agents.includes(agent.id)) agents.push(agent.id);
      needed.set(harness, agents);
    }
  }
  return [...needed].map(([id, agents]) => {
    const configured = config.harnesses[id];
    return { id, kind: configured?.kind ?? id, options: configured?.options ?? {}, agents };
  });
}

/** A declared harness that nobody registered. */
export interface Unregistered {
  readonly harness: string;
  readonly kind: string;
  readonly agents: readonly string[];
}

/** The line that must be read: also when the log is all that is left. */
export function unregisteredLine(missing: Unregistered, registered: readonly string[]): string {
  const agents = missing.agents.length === 0 ? "no agent uses it" : `agent ${missing.agents.join(", ")}`;
  const kind = missing.kind === missing.harness ? "" : `, kind "${missing.kind}"`;
  return `[gateway] CRITICAL: declared harness "${missing.harness}" is not registered (${agents}${kind}); registered harnesses: [${registered.join(", ")}]`;
}

export interface GenerationInput {
  readonly number: number;
  readonly config: Config;
  readonly plans: ReadonlyMap<string, HarnessPlan>;
  readonly accounts?: readonly ChannelAccount[];
  /** A harness for a plan: a new one, or one that runs already with the same effective configuration. */
  readonly open: (plan: HarnessPlan) => Harness;
}

/** Seals a generation: from here on nothing of it changes. */
export function buildGeneration({ number, config, plans, open, accounts = [] }: GenerationInput): Generation {
  const agents = new Map(config.agents.list.map((agent) => [agent.id, agent]));
  const harnesses = new Map([...plans].map(([id, plan]) => [id, open(plan)]));
  const candidates = new Map(
    config.agents.list.map((agent) => [agent.id, Object.freeze(candidatesOf(agent))]),
  );
  const byName = new Map(accounts.map((account) => [`${account.kind}/${account.account}`, account]));
  return Object.freeze({
    number,
    config,
    accounts: byName,
    access: (channel: string, account: string) => byName.get(`${channel}/${account}`)?.access,
    agents,
    firstAgent: config.agents.list[0].id,
    harnesses,
    candidates: (agent: string) => candidates.get(agent) ?? [],
  });
}

/** For logs: `main: claude-cli/opus, echo/default`. */
export function rollOf(generation: Generation): readonly string[] {
  return [...generation.agents.keys()].map(
    (id) => `${id}: ${generation.candidates(id).map(formatModelRef).join(", ")}`,
  );
}
