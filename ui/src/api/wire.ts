import type { EntryState } from "../../../src/core/entry.ts";

/** A message as the API tells it; times are milliseconds since the epoch here. */
export interface Message {
  readonly id: string;
  readonly clientId: string | null;
  readonly state: EntryState;
  /** `control`: a chat command that the gateway answers itself. */
  readonly kind: "message" | "control";
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly sender: string;
  readonly agent: string;
  readonly session: string;
  readonly text: string;
  readonly attachments: readonly {
    readonly name: string;
    readonly mime: string;
    readonly bytes: number | null;
  }[];
  readonly acceptedAt: number;
  readonly attempts: number;
  readonly harness: string | null;
  readonly model: string | null;
  readonly generation: number | null;
  /** Messages that were answered together share it; null where the gateway doesn't tell. */
  readonly turn: string | null;
  readonly reply: { readonly text: string; readonly files: readonly string[] } | null;
  readonly hold: Hold | null;
  readonly replayOf: string | null;
  readonly deliveries: readonly Delivery[];
  /** Only where one message was asked for. */
  readonly history: readonly HistoryLine[] | null;
}

export interface Hold {
  readonly code: string;
  readonly since: number;
  readonly incident: string | null;
}

export interface Delivery {
  readonly kind: string;
  readonly state: string;
  readonly attempts: number;
  readonly inDoubt: boolean;
  readonly platformId: string | null;
  readonly text: string | null;
}

export interface HistoryLine {
  readonly at: number;
  readonly event: string;
  /** Whatever else the line says, in its own words. */
  readonly data: Readonly<Record<string, string>>;
}

/** The gateway's report on itself. */
export interface Report {
  readonly status: string;
  readonly version: string;
  readonly startedAt: number;
  readonly generation: number;
  readonly failing: readonly Failing[];
  readonly degraded: readonly string[];
  readonly agents: readonly Agent[];
  readonly harnesses: readonly HarnessRow[];
  readonly channels: readonly ChannelRow[];
  readonly waiting: number;
  readonly held: number;
  /** Failed for good or set aside, and not yet tried again or cleared away. */
  readonly dead: number;
  readonly custody: string;
  /** Why the program should be started again; null while it is the one on the disk. */
  readonly restartNeeded: string | null;
  readonly nextStart: { readonly ok: boolean; readonly code: string | null; readonly reason: string | null };
}

export interface Failing {
  readonly kind: string;
  readonly id: string;
  readonly code: string;
  readonly since: number;
  readonly fix: string;
}

export interface Agent {
  readonly id: string;
  readonly servable: boolean;
  readonly candidates: readonly CandidateRow[];
}

export interface CandidateRow {
  readonly harness: string;
  readonly model: string;
  readonly available: boolean;
  readonly level: string | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly since: number;
  readonly until: number | null;
  readonly version: string | null;
  readonly paidBy: string | null;
}

export interface HarnessRow {
  readonly id: string;
  readonly kind: string;
  readonly running: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
  readonly paidBy: string | null;
  readonly version: string | null;
}

export interface ChannelRow {
  readonly channel: string;
  readonly account: string;
  readonly status: string;
  readonly code: string | null;
  readonly detail: string | null;
  readonly since: number;
  readonly lastReceiveAt: number | null;
  readonly name: string | null;
  readonly hints: readonly string[];
}

/** What the stream of events tells. All of them are hints: the truth is read from the API. */
export type PageEvent =
  | { readonly type: "message"; readonly id: string; readonly conversation: string }
  | {
      readonly type: "progress";
      readonly id: string;
      readonly text: string;
      readonly activity: string | null;
    }
  | { readonly type: "status" }
  /** Events were missed: everything is to be read anew. */
  | { readonly type: "reset" };
