// Whole values of our types, for tests that care about one field of them.
import type { AgentConfig, Config } from "../../src/core/config.ts";
import type { Entry } from "../../src/core/entry.ts";
import type { MessageId, SessionKey, TurnId } from "../../src/core/ids.ts";
import type { MessageBody } from "../../src/core/message.ts";
import type { Turn } from "../../src/core/turn.ts";
import { HOUR, MINUTE, SECOND } from "../../src/core/time.ts";

export function sampleAgent(change: Partial<AgentConfig> = {}): AgentConfig {
  return {
    id: "main",
    model: { primary: "echo/default", fallbacks: [] },
    workspace: "/nowhere",
    turn: { firstEvent: 60 * SECOND, idle: 2 * MINUTE, toolIdle: 30 * MINUTE, total: 4 * HOUR },
    onInterrupted: "resume",
    hold: { noticeAfter: 5 * SECOND, askAfter: 30 * MINUTE, max: 24 * HOUR },
    midTurn: "collect",
    permissions: { policy: "ask", approvers: ["owner"], allow: [], deadline: 10 * MINUTE },
    session: { direct: "conversation", links: {}, reset: {} },
    spend: {},
    canary: {},
    sandbox: { kind: "none" },
    ...change,
  };
}

export function sampleConfig(change: Partial<Config> = {}): Config {
  return {
    owners: [],
    gateway: {
      host: "127.0.0.1",
      port: 0,
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
      health: { lineEvery: MINUTE },
      drain: { grace: 25 * SECOND },
      ipFamily: "auto",
    },
    agents: { list: [sampleAgent()] },
    harnesses: {},
    channels: {},
    bindings: [],
    alerts: { routes: [] },
    store: { kind: "sqlite" },
    retention: { messages: 90 * 24 * HOUR, attachments: 30 * 24 * HOUR },
    plugins: [],
    ...change,
  };
}

export function sampleBody(change: Partial<MessageBody> = {}): MessageBody {
  return { text: "hello", attachments: [], chat: { kind: "direct" }, sentAt: 0, ...change };
}

let made = 0;

export function sampleEntry(change: Partial<Entry> = {}): Entry {
  made += 1;
  return {
    id: `m_${made}` as MessageId,
    kind: "message",
    address: { channel: "telegram", account: "default", conversation: "100" },
    dedupeKey: `key-${made}`,
    clientId: null,
    sender: { id: "100", name: "Ada" },
    role: "paired",
    agent: "main",
    session: "agent:main:telegram:direct:100" as SessionKey,
    body: sampleBody(),
    acceptedAt: 1000,
    notBefore: 1000,
    replayOf: null,
    seq: made,
    state: "queued",
    attempt: 0,
    hold: null,
    turn: null,
    ...change,
  };
}

export function sampleTurn(change: Partial<Turn> = {}): Turn {
  return {
    id: "t_1" as TurnId,
    session: "agent:main:telegram:direct:100" as SessionKey,
    agent: "main",
    entries: [],
    attempt: 1,
    failures: 0,
    state: "claimed",
    generation: 1,
    harness: null,
    model: null,
    nativeSession: null,
    custody: null,
    reruns: 0,
    claimedAt: 1000,
    ...change,
  };
}
