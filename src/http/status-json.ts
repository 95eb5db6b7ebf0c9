import { toIso, type Duration, type Instant } from "../core/time.ts";
import type { CandidateState } from "../ports/availability.ts";
import type { Failing, StatusReport } from "../ports/status.ts";

type Json = Readonly<Record<string, unknown>>;

/** A reason for not being ready, as every surface shows it. Pure. */
export function failingJson(failing: Failing): Json {
  const { kind, id, code, since, fix } = failing;
  return { kind, id, code, since: toIso(since), fix };
}

export function agentJson(agent: StatusReport["agents"][number]): Json {
  return { id: agent.id, servable: agent.servable, candidates: agent.candidates.map(candidateJson) };
}

function candidateJson(state: CandidateState): Json {
  const { candidate, since, until, ...rest } = state;
  return { ...candidate, ...rest, since: toIso(since), until: until === null ? null : toIso(until) };
}

/** @param clock readings of both clocks at the same time: ages are told as points in time */
export function channelJson(
  channel: StatusReport["channels"][number],
  clock: { readonly now: Instant; readonly monotonic: Duration },
): Json {
  const { lastReceive, since, ...rest } = channel;
  return {
    ...rest,
    since: toIso(since),
    lastReceiveAt: lastReceive === null ? null : toIso(clock.now - (clock.monotonic - lastReceive)),
  };
}

/** The whole report, as `GET /api/v1/status` gives it. Pure. */
export function statusJson(
  report: StatusReport,
  clock: { readonly now: Instant; readonly monotonic: Duration },
): Json {
  return {
    ...report,
    startedAt: toIso(report.startedAt),
    failing: report.failing.map(failingJson),
    agents: report.agents.map(agentJson),
    channels: report.channels.map((channel) => channelJson(channel, clock)),
  };
}
