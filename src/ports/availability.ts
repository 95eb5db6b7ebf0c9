import type { ErrorCode } from "../core/errors.ts";
import type { Failure } from "../core/failure.ts";
import type { Candidate } from "../core/model-ref.ts";
import type { Instant } from "../core/time.ts";
import type { ProbeLevel } from "./harness.ts";
import type { Generation } from "./roster.ts";

/** What is known of one candidate now. Unknown is failing. */
export interface CandidateState {
  readonly candidate: Candidate;
  readonly available: boolean;
  /** The highest level proven. */
  readonly level: ProbeLevel | null;
  readonly code: ErrorCode | null;
  /** For the operator. */
  readonly detail: string | null;
  readonly since: Instant;
  /** End of a wait that belongs to the credential. */
  readonly until: Instant | null;
  readonly version: string | null;
  readonly paidBy: "subscription" | "key" | "none" | null;
}

/**
 * Who can serve now: asked by lanes before each turn, told by them what they saw. A turn names the generation that it
 * runs in: after a reload a candidate of the same name may be another program.
 */
export interface Availability {
  /** States of the agent's candidates, primary first: those of the generation that serves when none is named. */
  of(agent: string, generation?: Generation): readonly CandidateState[];
  /** A turn of this candidate succeeded: the strongest proof. */
  succeeded(candidate: Candidate, generation?: Generation): void;
  /** A turn failed in a way that tells something about the candidate, not only about the message. */
  failed(candidate: Candidate, failure: Failure, generation?: Generation): void;
  /** A person asks for another try of what is out, for one agent or for all: it is probed now, whatever was decided. */
  retry(agent: string | null): void;
  /** Calls back with the agent's id when its first candidate becomes available, or its last one stops being so. */
  onChange(changed: (agent: string) => void): () => void;
}
