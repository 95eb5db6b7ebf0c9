import type { AgentConfig } from "../core/config.ts";
import type { Candidate } from "../core/model-ref.ts";
import type { Harness } from "./harness.ts";

/** A sealed registry: who can serve, decided once, never changed. A reload builds the next one beside it. */
export interface Generation {
  readonly number: number;
  readonly agents: ReadonlyMap<string, AgentConfig>;
  readonly firstAgent: string;
  /** Ids of the registered harnesses, in order of declaration. */
  readonly harnesses: ReadonlyMap<string, Harness>;
  /** The agent's candidates, primary first. Empty when there is no such agent. */
  candidates(agent: string): readonly Candidate[];
}

/** The generation that serves now. A turn takes it once and keeps it to its end. */
export interface Roster {
  current(): Generation;
}
