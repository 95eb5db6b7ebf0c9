import type { AgentConfig, AlertsConfig, Config, GatewayConfig } from "../core/config.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../core/time.ts";

/** What an agent is when its configuration says nothing. Id and workspace are never shared. */
export const AGENT_DEFAULTS: Omit<AgentConfig, "id" | "workspace"> = {
  model: { primary: "echo/default", fallbacks: [] },
  turn: { firstEvent: 60 * SECOND, idle: 2 * MINUTE, toolIdle: 30 * MINUTE, total: 4 * HOUR },
  onInterrupted: "resume",
  hold: { noticeAfter: 5 * SECOND, askAfter: 30 * MINUTE, max: 24 * HOUR },
  midTurn: "collect",
  permissions: { policy: "ask", approvers: ["owner"], allow: [], deadline: 10 * MINUTE },
  session: { direct: "conversation", links: {}, reset: {} },
  spend: {},
  canary: {},
  sandbox: { kind: "none" },
};

export const GATEWAY_DEFAULTS: GatewayConfig = {
  host: "127.0.0.1",
  port: 18790,
  allowedHosts: [],
  trustedProxies: [],
  auth: {},
  boot: {
    pluginDeadline: 5 * SECOND,
    probeDeadline: 15 * SECOND,
    unregistered: "exit",
    unavailable: "hold",
    badConfig: "exit",
  },
  health: { lineEvery: 60 * SECOND },
  drain: { grace: 25 * SECOND },
  ipFamily: "auto",
};

export const ALERT_DEFAULTS: AlertsConfig = { routes: [] };

/** How often the dead man's switch is fed when only its address is given. */
export const DEADMAN_EVERY = 30 * SECOND;

export const RETENTION_DEFAULTS: Config["retention"] = { messages: 90 * DAY, attachments: 30 * DAY };

/** Channels that serve without being named. */
export const CHANNEL_DEFAULTS: Config["channels"] = { web: { enabled: true, accounts: {} } };

/** The agent that is there when none is declared. */
export const FIRST_AGENT = "main";
