import type { EntryState } from "../core/entry.ts";
import type { Instant } from "../core/time.ts";
import { WAITING_STATES } from "../core/entry.ts";
import type { Availability } from "../ports/availability.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { IntakeClosed } from "../ports/pressure.ts";
import type { Processes } from "../ports/process.ts";
import type { Roster } from "../ports/roster.ts";
import type { Status, StatusReport } from "../ports/status.ts";
import { computeReadiness, servable } from "../health/readiness.ts";
import type { StoreHealth } from "../health/store-health.ts";
import type { StartSoFar } from "./start-so-far.ts";

/** What the gateway is doing as a whole; the only state that isn't read from somewhere else. */
export interface Stage extends StartSoFar {
  draining: boolean;
  started: boolean;
  /** Whether the roll was called: from then on nobody registers anything. */
  sealed: boolean;
  /** Whether an error that nobody caught ends the gateway: nobody knows what it left half done. */
  crashed: boolean;
  /** Keeps what is in work now as it is, for the next start to find; null before that is watched. */
  freeze: (() => void) | null;
}

export interface StatusInput {
  readonly stage: Stage;
  readonly version: string;
  readonly startedAt: Instant;
  readonly roster: Roster;
  readonly availability: Availability;
  readonly storeHealth: StoreHealth;
  readonly intakeClosed: () => IntakeClosed | null;
  readonly channel: (kind: string, account: string) => Channel | undefined;
  readonly counts: () => Readonly<Record<EntryState, number>>;
  readonly processes: Processes;
  readonly recovery: () => { readonly recovering: number; readonly survivors: number };
  /** Why the program should be started again, or null. */
  readonly restartReason: () => string | null;
  readonly clock: Clock;
}

/** The one state of everything, computed when it is asked for. */
export function createStatus(input: StatusInput): Status {
  return {
    intakeOpen: () =>
      !input.stage.draining && input.storeHealth.fault() === null && input.intakeClosed() === null,
    report: () => reportOf(input),
  };
}

function reportOf(input: StatusInput): StatusReport {
  const { stage, roster, availability, clock } = input;
  const generation = roster.current();
  const agents = [...generation.agents.keys()].map((id) => ({ id, candidates: availability.of(id) }));
  const channels = [...generation.accounts.values()].map(({ kind, account }) => {
    const state = input.channel(kind, account)?.state() ?? NOT_OPENED;
    return { channel: kind, account, state };
  });
  const readiness = computeReadiness({
    draining: stage.draining,
    started: stage.started,
    store: input.storeHealth.fault(),
    intake: input.intakeClosed(),
    dispatchOpen: stage.started && !stage.draining,
    agents,
    channels,
    now: clock.now(),
  });
  const counts = input.counts();
  const reason = input.restartReason();
  return {
    ...readiness,
    version: input.version,
    startedAt: input.startedAt,
    generation: generation.number,
    agents: agents.map(({ id, candidates }) => ({ id, servable: servable(candidates), candidates })),
    harnesses: [...generation.harnesses.values()].map((harness) => {
      const known = agents
        .flatMap(({ candidates }) => candidates)
        .find(({ candidate }) => candidate.harness === harness.id);
      return {
        id: harness.id,
        kind: harness.kind,
        ...harness.load(),
        paidBy: known?.paidBy ?? null,
        version: known?.version ?? null,
      };
    }),
    channels: channels.map(({ channel, account, state }) => ({ channel, account, ...state })),
    waiting: WAITING_STATES.reduce((sum, state) => sum + counts[state], 0),
    held: counts.held,
    dead: counts.dead,
    quarantined: counts.quarantined,
    custody: input.processes.custodyLevel,
    recovery: input.recovery(),
    restartNeeded: reason === null ? null : { reason },
  };
}

const NOT_OPENED = {
  status: "starting",
  code: null,
  detail: null,
  since: 0,
  lastReceive: null,
  name: null,
  hints: [],
} as const;

/** The line that a log is searched for. */
export function healthLine(report: StatusReport): string {
  return `[health] ${statusLine(report)}`;
}

/** How the gateway stands, in one line. */
export function statusLine(report: StatusReport): string {
  const served = report.agents.filter((agent) => agent.servable).length;
  const channels = report.channels
    .map(({ channel, account, status, paused }) => `${channel}/${account}:${paused ? "paused" : status}`)
    .join(", ");
  return [
    report.status,
    `registered harnesses: [${report.harnesses.map(({ id }) => id).join(", ")}]`,
    `agents ${served}/${report.agents.length} servable`,
    `channels ${channels === "" ? "none" : channels}`,
    `waiting ${report.waiting}`,
    `held ${report.held}`,
  ].join(" · ");
}
