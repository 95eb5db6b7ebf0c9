import type { AccessConfig, AgentConfig, Config } from "../core/config.ts";
import type { Candidate } from "../core/model-ref.ts";
import type { ChannelAccount } from "./channel.ts";
import type { Harness } from "./harness.ts";

/**
 * A sealed registry: every decision that a configuration makes, taken once, never changed. A reload builds the next
 * one beside it. Whoever decides takes one generation and reads everything from it, so that no decision is made of
 * two.
 */
export interface Generation {
  readonly number: number;
  /** The configuration that it was sealed from: owners, bindings, times, limits. */
  readonly config: Config;
  readonly agents: ReadonlyMap<string, AgentConfig>;
  readonly firstAgent: string;
  /** Ids of the registered harnesses, in order of declaration. */
  readonly harnesses: ReadonlyMap<string, Harness>;
  /** Accounts of the enabled channels, by `channel/account`. */
  readonly accounts: ReadonlyMap<string, ChannelAccount>;
  /** The agent's candidates, primary first. Empty when there is no such agent. */
  candidates(agent: string): readonly Candidate[];
  /** Who may write to a channel account; undefined for one that isn't served. */
  access(channel: string, account: string): AccessConfig | undefined;
}

/** The generation that serves now. A turn takes it once and keeps it to its end. */
export interface Roster {
  current(): Generation;
}

/** A roster that knows who still works with an earlier generation. */
export interface PinningRoster extends Roster {
  /** Takes the generation that serves now, for a turn. */
  pin(): Pin;
}

/** A generation that somebody works with. Its harnesses stay open until it is given back. */
export interface Pin {
  readonly generation: Generation;
  /** Once; later calls do nothing. */
  release(): void;
}
