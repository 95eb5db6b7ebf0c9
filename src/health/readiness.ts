import { ERRORS, type ErrorCode } from "../core/errors.ts";
import type { Instant } from "../core/time.ts";
import type { CandidateState } from "../ports/availability.ts";
import type { ChannelState } from "../ports/channel.ts";
import type { Failing, Phase } from "../ports/status.ts";

/** Everything that readiness depends on, as it is now. */
export interface ReadinessFacts {
  readonly draining: boolean;
  /** Whether the boot has come to its end. */
  readonly started: boolean;
  readonly store: { readonly code: ErrorCode; readonly since: Instant } | null;
  /** Why nothing is taken for now, although the store commits. */
  readonly intake?: { readonly code: ErrorCode; readonly since: Instant } | null;
  readonly dispatchOpen: boolean;
  readonly agents: readonly { readonly id: string; readonly candidates: readonly CandidateState[] }[];
  readonly channels: readonly {
    readonly channel: string;
    readonly account: string;
    readonly state: ChannelState;
  }[];
  readonly now: Instant;
}

export interface Readiness {
  readonly status: Phase;
  readonly failing: readonly Failing[];
  readonly degraded: readonly string[];
}

/**
 * Whether the gateway is ready, computed from live state whenever it is asked for. Pure. Ready means: every declared
 * agent servable, every enabled channel received, the store commits, dispatch open. Unknown counts as failing.
 */
export function computeReadiness(facts: ReadinessFacts): Readiness {
  const failing = [
    ...storeFailing(facts),
    ...facts.agents.flatMap(agentFailing),
    ...facts.channels.flatMap(channelFailing),
  ];
  const degraded = facts.agents
    .filter(({ candidates }) => servable(candidates) && candidates[0]?.available === false)
    .map(({ id }) => id);
  return { status: phaseOf(facts, failing), failing, degraded };
}

/** Whether a candidate is available. */
export function servable(candidates: readonly CandidateState[]): boolean {
  return candidates.some(({ available }) => available);
}

function phaseOf(facts: ReadinessFacts, failing: readonly Failing[]): Phase {
  if (facts.draining) return "draining";
  if (!facts.started) return "starting";
  if (facts.store !== null) return "not_ready";
  return failing.length > 0 ? "holding" : "ready";
}

function storeFailing({ store, intake, dispatchOpen, now }: ReadinessFacts): readonly Failing[] {
  const failing: Failing[] = [];
  if (store !== null)
    failing.push({
      kind: "store",
      id: "store",
      code: store.code,
      since: store.since,
      fix: ERRORS[store.code].fix,
    });
  if (store === null && intake != null) {
    const { code, since } = intake;
    failing.push({ kind: "store", id: "intake", code, since, fix: ERRORS[code].fix });
  }
  if (!dispatchOpen)
    failing.push({
      kind: "dispatcher",
      id: "lanes",
      code: "draining",
      since: now,
      fix: "Wait for the start or the stop to end.",
    });
  return failing;
}

/** An agent that can't be served is named, and so is each of its candidates: the first says why. */
function agentFailing({ id, candidates }: ReadinessFacts["agents"][number]): readonly Failing[] {
  if (servable(candidates)) return [];
  const first = candidates[0];
  const code = first?.code ?? "agent-unavailable";
  const since = Math.max(0, ...candidates.map((candidate) => candidate.since));
  return [{ kind: "agent", id, code, since, fix: ERRORS[code].fix }];
}

function channelFailing({ channel, account, state }: ReadinessFacts["channels"][number]): readonly Failing[] {
  if (state.status === "connected" && state.lastReceive !== null) return [];
  const code = state.code ?? (state.status === "starting" ? "channel-unproven" : "channel-unreachable");
  return [{ kind: "channel", id: `${channel}/${account}`, code, since: state.since, fix: ERRORS[code].fix }];
}
