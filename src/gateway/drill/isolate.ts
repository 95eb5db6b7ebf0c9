import { join } from "node:path";
import type { Config } from "../../core/config.ts";
import { MINUTE, SECOND } from "../../core/time.ts";
import { accountsOf, OWN_ACCOUNT, type Person } from "./people.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What the isolated configuration leads to instead of the user's own. */
export interface Surroundings {
  /** The drill's folder. */
  readonly dir: string;
  readonly people: readonly Person[];
  /** Where the platform of the drill is. */
  readonly apiRoot: string;
  readonly tokenOf: (account: string) => string;
  /** Where alerts go. */
  readonly hook: string;
  /** Path of what stands in for a harness's program. */
  readonly programOf: (harness: string) => string;
  readonly harnesses: readonly string[];
}

/** Nobody waits in a drill for longer than this to be told that a message is held. */
const NOTICE_WITHIN = SECOND;
/** Nobody answers a question in a drill. */
const ASK_NOT_BEFORE = 5 * MINUTE;

/**
 * The user's configuration as a drill runs it: the same agents, candidates, holds, deadlines, policies, limits and
 * bindings; programs, platforms, tokens, alert routes, addresses and folders are the drill's own. Pure.
 *
 * @param raw the file as it was parsed, before defaults
 */
export function isolate(raw: Fields, config: Config, to: Surroundings): Fields {
  const { boot, health, drain } = object(raw["gateway"]);
  return {
    gateway: { host: "127.0.0.1", ...present({ boot, health, drain }) },
    agents: agents(raw, config, to),
    harnesses: Object.fromEntries(to.harnesses.map((id) => [id, harness(raw, id, to)])),
    channels: { telegram: { accounts: accounts(raw, config, to) } },
    bindings: [
      ...to.people.flatMap(({ agent, account, id }) =>
        agent === null ? [] : [{ agent, from: `telegram/${encodeURIComponent(account)}/${id}` }],
      ),
      ...config.bindings.filter(({ from }) => /^(?:telegram|web|api|\*)\//.test(from)),
    ],
    alerts: { routes: [{ kind: "webhook", url: to.hook }] },
    ...present({ retention: raw["retention"] }),
  };
}

function agents(raw: Fields, config: Config, to: Surroundings): Fields {
  const { list } = object(raw["agents"]);
  const written = new Map((Array.isArray(list) ? list : []).map((one) => [object(one)["id"], object(one)]));
  const { workspace: _ours, canary: _costs, ...defaults } = object(object(raw["agents"])["defaults"]);
  return {
    defaults,
    list: config.agents.list.map(({ id, hold, onInterrupted, midTurn }) => {
      const { canary: _spared, ...own } = written.get(id) ?? {};
      return {
        ...own,
        id,
        workspace: join(to.dir, "workspaces", encodeURIComponent(id)),
        hold: {
          noticeAfter: span(Math.min(hold.noticeAfter, NOTICE_WITHIN)),
          askAfter: span(Math.max(hold.askAfter, ASK_NOT_BEFORE)),
          max: span(hold.max),
        },
        // Nobody answers a question here, and every message is to have an answer of its own.
        ...(onInterrupted === "ask" && { onInterrupted: "resume" }),
        ...((midTurn === "interrupt" || midTurn === "steer") && { midTurn: "queue" }),
      };
    }),
  };
}

function harness(raw: Fields, id: string, to: Surroundings): Fields {
  const { kind = id, pool } = object(object(raw["harnesses"])[id]);
  return {
    kind: "claude-cli",
    command: to.programOf(id),
    ...(kind === "claude-cli" && present({ pool })),
  };
}

function accounts(raw: Fields, config: Config, to: Surroundings): Fields {
  const written = object(object(object(raw["channels"])["telegram"])["accounts"]);
  const known = accountsOf(config);
  return Object.fromEntries(
    (known.length > 0 ? known : [OWN_ACCOUNT]).map((account) => {
      const { stream } = object(written[account]);
      const allow = to.people.filter((one) => one.account === account).map(({ id }) => String(id));
      return [
        account,
        {
          token: to.tokenOf(account),
          apiRoot: to.apiRoot,
          direct: { policy: "allowlist", allow },
          ...present({ stream }),
        },
      ];
    }),
  );
}

function span(milliseconds: number): string {
  return `${milliseconds}ms`;
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function object(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
