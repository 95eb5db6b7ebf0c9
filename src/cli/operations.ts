import type { Json } from "./client.ts";

/** What commands do that work with and without a running gateway. What is returned is what the API answers. */
export interface Operations {
  /** For people: what was done, where the next start will see to it. */
  readonly running: boolean;
  messages(query: {
    readonly state?: string;
    readonly limit?: number;
    readonly cursor?: string;
  }): Promise<Json>;
  message(id: string): Promise<Json>;
  retry(id: string): Promise<Json>;
  /** Every dead message again; how many, and the first ids. */
  retryDead(agent: string | undefined): Promise<Json>;
  rerun(id: string, agent: string | undefined): Promise<Json>;
  /** What a rerun would do. */
  planRerun(id: string, agent: string | undefined): Promise<Json>;
  cancel(id: string): Promise<Json>;
  /** Lets one held message go. */
  release(id: string): Promise<Json>;
  /** Lets everything go that is held; how many, and which. */
  releaseHeld(agent: string | undefined): Promise<Json>;
  /** Clears ended messages away: how many of each state, and whether there is more to do. */
  purge(request: {
    readonly id?: string;
    readonly before?: string;
    readonly states?: readonly string[];
    readonly dryRun: boolean;
  }): Promise<Json>;
  sessions(limit: number | undefined): Promise<Json>;
  resetSession(session: string): Promise<void>;
  pairings(): Promise<Json>;
  decidePairing(code: string, to: "approve" | "deny"): Promise<void>;
  revokePairing(sender: string): Promise<void>;
  tokens(): Promise<Json>;
  createToken(name: string): Promise<Json>;
  revokeToken(id: string): Promise<void>;
}
