import type { SecretRef } from "./secret.ts";
import type { Bytes } from "./size.ts";
import type { Duration } from "./time.ts";

/**
 * The configuration after parsing: defaults filled in, durations in milliseconds, sizes in bytes, secrets still by
 * reference. `config/schema.ts` produces it and nothing else does. What each key means stands in the guide.
 */
export interface Config {
  readonly owners: readonly string[];
  readonly gateway: GatewayConfig;
  readonly agents: { readonly list: readonly [AgentConfig, ...AgentConfig[]] };
  /** By id, as written: options of a kind are checked by that kind's own schema. */
  readonly harnesses: Readonly<Record<string, HarnessConfig>>;
  readonly channels: Readonly<Record<string, ChannelConfig>>;
  readonly bindings: readonly BindingConfig[];
  readonly alerts: AlertsConfig;
  readonly store: { readonly kind: "sqlite" };
  readonly retention: { readonly messages: Duration; readonly attachments: Duration };
  readonly plugins: readonly string[];
}

/** Where the gateway listens, how it starts and stops, and how it reaches the outside. */
export interface GatewayConfig {
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly allowedHosts: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly auth: { readonly token?: SecretRef };
  readonly boot: {
    readonly pluginDeadline: Duration;
    readonly probeDeadline: Duration;
    readonly unregistered: "exit" | "hold-agent";
    readonly unavailable: "hold" | "exit";
    readonly badConfig: "exit" | "last-good";
  };
  readonly health: { readonly lineEvery: Duration };
  readonly drain: { readonly grace: Duration };
  readonly proxy?: string;
  readonly ipFamily: "auto" | "4" | "6";
}

/** A declared agent, with the defaults of all agents filled in. */
export interface AgentConfig {
  readonly id: string;
  /** Model references, `HARNESS/MODEL`; the first is the primary. */
  readonly model: { readonly primary: string; readonly fallbacks: readonly string[] };
  /** Absolute: relative paths are resolved against the configuration file's folder. */
  readonly workspace: string;
  readonly instructions?: string;
  readonly turn: TurnLimits;
  readonly onInterrupted: "resume" | "rerun" | "ask";
  readonly hold: { readonly noticeAfter: Duration; readonly askAfter: Duration; readonly max: Duration };
  readonly midTurn: "collect" | "queue" | "steer" | "interrupt";
  readonly permissions: PermissionConfig;
  readonly session: {
    readonly direct: "conversation" | "person" | "agent";
    readonly links: Readonly<Record<string, string>>;
    readonly reset: { readonly idle?: Duration };
  };
  readonly spend: { readonly perDay?: { readonly usd: number } };
  readonly canary: { readonly every?: Duration };
  readonly sandbox: { readonly kind: "none" };
}

/** Deadlines of one turn. `idle` counts only while nothing is open; `toolIdle` while a tool runs. */
export interface TurnLimits {
  readonly firstEvent: Duration;
  readonly idle: Duration;
  readonly toolIdle: Duration;
  readonly total: Duration;
}

/** Who decides when a harness asks before it uses a tool, and within what time; unanswered is denied. */
export interface PermissionConfig {
  readonly policy: "ask" | "allow-list" | "deny";
  readonly approvers: readonly string[];
  /** Tool names that need no question, e.g. `Read`. */
  readonly allow: readonly string[];
  readonly deadline: Duration;
}

/** One declared harness. Its options are still unchecked: the kind's own schema reads them. */
export interface HarnessConfig {
  /** Defaults to the id when that is a known kind. */
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** One channel with its accounts, whose options the channel's own schema reads. */
export interface ChannelConfig {
  readonly enabled: boolean;
  /** Per account, checked by the channel's own schema. */
  readonly accounts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Leads what comes from an address, or a pattern of addresses, to an agent. The first match wins. */
export interface BindingConfig {
  readonly agent: string;
  readonly from: string;
}

/** Where alerts go, and which address is pinged so that silence is noticed from outside. */
export interface AlertsConfig {
  readonly routes: readonly AlertRouteConfig[];
  readonly deadman?: { readonly url: string; readonly every: Duration };
}

/** One way out for alerts. Its options are checked by the route's own kind. */
export interface AlertRouteConfig {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Who may write to an agent on a channel, the same shape for every platform that has chats. */
export interface AccessConfig {
  readonly direct: {
    readonly policy: "pairing" | "allowlist" | "open" | "off";
    readonly allow: readonly string[];
  };
  /** By the platform's id of the group. A group that isn't listed isn't served. */
  readonly groups: Readonly<Record<string, GroupConfig>>;
}

/** How one group is served. */
export interface GroupConfig {
  readonly agent?: string;
  /** Whether the bot must be mentioned or replied to. */
  readonly mention: boolean;
  /** Sender ids, or `*`. */
  readonly senders: readonly string[];
  readonly topics: Readonly<Record<string, { readonly agent?: string }>>;
}

/** Largest attachment of one account. */
export type AttachmentLimit = { readonly max: Bytes };
