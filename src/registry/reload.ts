/**
 * The decisions of a reload: what a running gateway can't take up, and what it must not take up. Pure; the gateway
 * gathers the facts, and swaps when nothing is said against it.
 *
 * Keeps: I12 (a reload never turns a served agent into one that isn't).
 */
import type { Config } from "../core/config.ts";
import type { ErrorCode } from "../core/errors.ts";

/** One reason against a new configuration. */
export interface Refusal {
  readonly code: ErrorCode;
  /** What exactly, and what to do. No secret in it: values are never shown. */
  readonly detail: string;
}

/** Keys that only a start reads. A key that the command line overrides is none of them. */
export interface FixedKeys {
  /** `start --host` was given. */
  readonly host: boolean;
  /** `start --port` was given. */
  readonly port: boolean;
}

const RESTART_KEYS: readonly {
  readonly key: string;
  readonly of: (config: Config) => unknown;
  readonly fixedBy?: keyof FixedKeys;
}[] = [
  { key: "gateway.host", of: ({ gateway }) => gateway.host, fixedBy: "host" },
  { key: "gateway.port", of: ({ gateway }) => gateway.port, fixedBy: "port" },
  { key: "gateway.auth.token", of: ({ gateway }) => gateway.auth.token ?? null },
  { key: "store", of: ({ store }) => store },
];

/**
 * Plugins that are listed and weren't. They are code of this process, loaded before anything is served: one that blocks
 * or throws must not meet people. One that is no longer listed just brings nothing to the next generation.
 */
export function newPlugins(serving: Config, next: Config): readonly string[] {
  return next.plugins.filter((plugin) => !serving.plugins.includes(plugin));
}

/** The keys that differ and that a running gateway can't take up. */
export function restartRefusals(
  serving: Config,
  next: Config,
  fixed: FixedKeys = { host: false, port: false },
): readonly Refusal[] {
  const keys = RESTART_KEYS.filter(
    ({ of, fixedBy }) => (fixedBy === undefined || !fixed[fixedBy]) && !sameData(of(serving), of(next)),
  ).map(({ key }) => key);
  const plugins = newPlugins(serving, next).map((plugin) => `plugins (${plugin})`);
  return [...keys, ...plugins].map((key) => ({
    code: "restart-needed",
    detail: `${key}: a change needs a restart`,
  }));
}

/** Plain data of the configuration, in which the order of keys says nothing. */
function sameData(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** Whether each agent can be served, now and by the new generation. */
export interface ServiceFacts {
  /** Agents of the generation that serves, with whether a candidate is available. */
  readonly serving: ReadonlyMap<string, boolean>;
  /** The same of the new one, proven before it serves. */
  readonly next: ReadonlyMap<string, boolean>;
  /** What `gateway.boot.unavailable` of the new configuration says. */
  readonly unavailable: Config["gateway"]["boot"]["unavailable"];
}

/** Agents that would lose their service, and those for which the next start would end. */
export function serviceRefusals({ serving, next, unavailable }: ServiceFacts): readonly Refusal[] {
  return [...next].flatMap(([agent, servable]): Refusal[] => {
    if (servable) return [];
    const served = serving.get(agent) === true;
    if (!served && unavailable !== "exit") return [];
    const detail = served
      ? `agent ${agent} is served now, and none of its new candidates is available`
      : `no candidate of agent ${agent} is available, and gateway.boot.unavailable is "exit"`;
    return [{ code: "agent-unavailable", detail }];
  });
}

/** What waits for agents that the new configuration doesn't have. */
export interface RemovalFacts {
  /** Ids of the new configuration's agents. */
  readonly next: ReadonlySet<string>;
  /** How many messages wait or run, by agent. */
  readonly waiting: ReadonlyMap<string, number>;
  /** Agents whose messages may be cancelled. */
  readonly dropAgents: readonly string[];
}

/** Agents that can't be taken away, since somebody waits for them; and wishes to drop one that stays. */
export function removalRefusals({ next, waiting, dropAgents }: RemovalFacts): readonly Refusal[] {
  const stays = dropAgents
    .filter((agent) => next.has(agent))
    .map((agent): Refusal => ({
      code: "state-conflict",
      detail: `agent ${agent} is still declared; only an agent that is taken out can be dropped`,
    }));
  const awaited = [...waiting]
    .filter(([agent, count]) => count > 0 && !next.has(agent) && !dropAgents.includes(agent))
    .map(([agent, count]): Refusal => ({
      code: "agent-awaited",
      detail: `${count === 1 ? "1 message waits" : `${count} messages wait`} for agent ${agent}; let them end, or cancel them with \`rollcall reload --drop-agent ${agent}\``,
    }));
  return [...stays, ...awaited];
}

/** Agents that serve now and don't in the new configuration, and others that were named to be dropped. */
export function removedAgents(
  serving: ReadonlySet<string>,
  next: ReadonlySet<string>,
  dropAgents: readonly string[],
): readonly string[] {
  return [...new Set([...serving, ...dropAgents])].filter((agent) => !next.has(agent));
}

/**
 * Whether a file that was found changed is the beginning of the one that serves: somebody is writing it, or was cut
 * off. In a language without closing brackets it may well be valid, with half of its agents.
 */
export function isCutOff(serving: string, found: string): boolean {
  const [whole, part] = [serving.trimEnd(), found.trimEnd()];
  return part !== whole && whole.startsWith(part);
}
