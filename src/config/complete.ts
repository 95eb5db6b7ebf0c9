import { isAbsolute, join, resolve } from "node:path";
import type { AgentConfig, Config } from "../core/config.ts";
import {
  AGENT_DEFAULTS,
  ALERT_DEFAULTS,
  CHANNEL_DEFAULTS,
  DEADMAN_EVERY,
  FIRST_AGENT,
  GATEWAY_DEFAULTS,
  RETENTION_DEFAULTS,
} from "./defaults.ts";
import { merge } from "./merge.ts";
import type { ParsedConfig } from "./schema.ts";

/** What paths in a configuration start from. */
export interface ConfigFolders {
  /** Folder of the configuration file. Absolute. */
  readonly baseDir: string;
  /** Where agents work that name no workspace: each in a folder of its id. Absolute. */
  readonly workspaces: string;
}

/** Lays a checked configuration over the defaults. Pure. */
export function complete(parsed: ParsedConfig, folders: ConfigFolders): Config {
  const list = parsed.agents?.list ?? [{ id: FIRST_AGENT }];
  const [first, ...others] = list.map((agent) => completeAgent(agent, parsed.agents?.defaults, folders));
  return {
    owners: parsed.owners ?? [],
    // The merged trees have the defaults' shape: the schema let nothing else through.
    gateway: merge(GATEWAY_DEFAULTS, parsed.gateway) as Config["gateway"],
    agents: { list: [first ?? completeAgent({ id: FIRST_AGENT }, undefined, folders), ...others] },
    harnesses: mapValues(parsed.harnesses ?? {}, ({ kind, ...options }, id) => ({
      kind: kind ?? id,
      options,
    })),
    channels: completeChannels(parsed.channels),
    bindings: parsed.bindings ?? [],
    alerts: completeAlerts(parsed.alerts),
    store: { kind: parsed.store?.kind ?? "sqlite" },
    retention: merge(RETENTION_DEFAULTS, parsed.retention) as Config["retention"],
    plugins: parsed.plugins ?? [],
  };
}

type ParsedAgents = NonNullable<ParsedConfig["agents"]>;

function completeAgent(
  agent: NonNullable<ParsedAgents["list"]>[number],
  defaults: ParsedAgents["defaults"],
  { baseDir, workspaces }: ConfigFolders,
): AgentConfig {
  const own = merge(merge(AGENT_DEFAULTS, defaults), agent) as Omit<AgentConfig, "workspace"> & {
    workspace?: string;
  };
  const workspace = own.workspace ?? join(workspaces, agent.id);
  return { ...own, workspace: isAbsolute(workspace) ? workspace : resolve(baseDir, workspace) };
}

function completeChannels(channels: ParsedConfig["channels"]): Config["channels"] {
  const declared = mapValues(channels ?? {}, ({ enabled, accounts }) => ({
    enabled: enabled ?? true,
    accounts: accounts ?? {},
  }));
  return { ...CHANNEL_DEFAULTS, ...declared };
}

function completeAlerts(alerts: ParsedConfig["alerts"]): Config["alerts"] {
  const routes = alerts?.routes?.map(({ kind, ...options }) => ({ kind, options }));
  const deadman = alerts?.deadman;
  return {
    routes: routes ?? ALERT_DEFAULTS.routes,
    ...(deadman !== undefined && { deadman: { url: deadman.url, every: deadman.every ?? DEADMAN_EVERY } }),
  };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
