import type { ErrorCode } from "../core/errors.ts";
import type { Instant } from "../core/time.ts";
import type { CandidateState } from "./availability.ts";
import type { ChannelState } from "./channel.ts";

/** The one word for how the gateway is doing; the first that applies, in this order. */
export type Phase = "draining" | "starting" | "not_ready" | "holding" | "ready";

/** One reason for not being ready, with no path and no secret in it. */
export interface Failing {
  readonly kind: "agent" | "harness" | "channel" | "store" | "dispatcher";
  readonly id: string;
  readonly code: ErrorCode;
  readonly since: Instant;
  readonly fix: string;
}

/** The state of everything, computed from live state whenever it is asked for. Every surface shows this one. */
export interface StatusReport {
  readonly status: Phase;
  readonly version: string;
  readonly startedAt: Instant;
  readonly generation: number;
  readonly failing: readonly Failing[];
  /** Agents that are served, but not by their primary. */
  readonly degraded: readonly string[];
  readonly agents: readonly {
    readonly id: string;
    readonly servable: boolean;
    readonly candidates: readonly CandidateState[];
  }[];
  readonly harnesses: readonly {
    readonly id: string;
    readonly kind: string;
    readonly running: number;
    readonly idle: number;
    readonly waiting: number;
    readonly max: number;
    readonly paidBy: string | null;
    readonly version: string | null;
  }[];
  readonly channels: readonly ({ readonly channel: string; readonly account: string } & ChannelState)[];
  readonly waiting: number;
  readonly held: number;
  /** Messages that failed for good, and those that were set aside, until somebody tries them again or clears them away. */
  readonly dead?: number;
  readonly quarantined?: number;
  readonly custody: string;
  /** Turns of an earlier gateway that aren't decided on, and processes that keep some from it. */
  readonly recovery?: { readonly recovering: number; readonly survivors: number };
  /** The program on disk is no longer the one that runs. Null while it is; absent where nobody looks. */
  readonly restartNeeded?: { readonly reason: string } | null;
}

/** The report and the one question that intake asks. */
export interface Status {
  report(): StatusReport;
  /** Whether a message can be accepted durably now. */
  intakeOpen(): boolean;
}
