import type { Config } from "../../core/config.ts";

/** Somebody who writes in a drill. There is nobody with this id on the platform. */
export interface Person {
  readonly id: number;
  /** The account that is written to. */
  readonly account: string;
  /** The agent that is bound to this chat; null: as the configuration's own bindings say. */
  readonly agent: string | null;
}

/** The account that a drill adds to a configuration that has none. */
export const OWN_ACCOUNT = "drill";

/** Beyond what Telegram gives to people (52 significant bits are possible, some 33 are in use). */
const FIRST_ID = 4_000_000_000_000_001;

/** Accounts of the platform that the configuration has and serves. */
export function accountsOf(config: Config): readonly string[] {
  const telegram = config.channels["telegram"];
  return telegram === undefined || !telegram.enabled ? [] : Object.keys(telegram.accounts);
}

/** Enough to see every fault; beyond them an exercise takes long on a small machine. */
const MOST = { agents: 6, accounts: 4 } as const;

/** What a drill doesn't play with, in words. Pure. */
export function leftOut(config: Config): readonly string[] {
  return [
    ...config.agents.list.slice(MOST.agents).map(({ id }) => `agent ${id}`),
    ...accountsOf(config)
      .slice(MOST.accounts)
      .map((account) => `account telegram/${account}`),
    ...Object.keys(config.channels)
      .filter((id) => id !== "telegram" && id !== "web")
      .map((id) => `channel ${id}`),
  ];
}

/** One person for each agent, and one for each account, as the configuration's own bindings lead them. Pure. */
export function peopleOf(config: Config): readonly Person[] {
  const known = accountsOf(config);
  const accounts = known.length > 0 ? known : [OWN_ACCOUNT];
  const first = accounts[0] ?? OWN_ACCOUNT;
  const who = [
    ...config.agents.list.slice(0, MOST.agents).map(({ id }) => ({ account: first, agent: id })),
    ...accounts.slice(0, MOST.accounts).map((account) => ({ account, agent: null })),
  ];
  return who.map((one, index) => ({ ...one, id: FIRST_ID + index }));
}
